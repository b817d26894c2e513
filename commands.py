"""What the person who runs Kanton says to it: `flask --app app …`."""
import shutil
import smtplib
import sys
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

import assets
import crypto
import db
import demo as demonstration
import i18n
import rules
import scale
import schema
import verification
import worker as motor
from accounts import links, signup
from models import User
from settings import Settings, setting

SQLITE_AT_LEAST = (3, 51, 3)                    # before it a WAL reset can corrupt a database of two connections


def add_to(app: Flask) -> None:
    for command in (migrate, build, settings, routes, doctor, verify, demo, seed_scale, worker, operator):
        app.cli.add_command(command)


@click.command()
def migrate() -> None:
    """Bring the database to the present shape."""
    for name in schema.migrate():
        click.echo(f"done: {name}")


@click.command()
def build() -> None:
    """Make the files browsers fetch, and the catalogues of the languages."""
    assets.build()
    i18n.compile_catalogues()


@click.command()
@click.option("--markdown", is_flag=True, help="As the table of the README.")
def settings(markdown: bool) -> None:
    """Every setting: its name, what it is for, its value."""
    for knob in fields(Settings):
        name, told = knob.name.upper(), knob.metadata["help"]
        value = getattr(setting, knob.name)
        if markdown:
            click.echo(f"| `{name}` | {told} |")
        else:
            shown = "…" if name in ("SECRET_KEY", "SMTP_URL", "REDIS_URL") and value else db.name_of(str(value))
            click.echo(f"{name:20} {told}\n{'':20} now: {shown}")


@click.command()
@click.option("--needs", is_flag=True, help="Who may, how fresh a proof, how often.")
@with_appcontext
def routes(needs: bool) -> None:
    """Every address, and on whose right it stands."""
    for rule in sorted(current_app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view: Any = current_app.view_functions[rule.endpoint]
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        fresh, limit = view.fresh, view.limit
        told = (f"{view.needs}" + (f", proof of {int(fresh.total_seconds() // 60)} min" if fresh else "")
                + (f", {limit.times} in {limit.seconds} s" if limit else ""))
        click.echo(f"{method:5} {rule.rule:58} {told if needs else ''}".rstrip())


@click.command()
def doctor() -> None:
    """What may keep this installation from working well. Exit status 1 when something does."""
    found = list(_ailments())
    for line in found:
        click.echo(line)
    click.echo("All is well." if not found else f"{len(found)} to see to.")
    sys.exit(bool(found))


def _ailments() -> list[str]:
    ill = []
    if db.on_sqlite() and db.sqlite_version() < SQLITE_AT_LEAST:
        ill.append(f"SQLite {'.'.join(map(str, db.sqlite_version()))} is older than 3.51.3: install pysqlite3.")
    crypto.master()
    if not setting.secure and not setting.on_loopback:
        ill.append("BASE_URL is not https: put a proxy with TLS in front.")
    if shutil.disk_usage(setting.data).free < 1 << 30:
        ill.append(f"Less than 1 GB is free where {setting.data} is.")
    if setting.smtp_url and (trouble := _smtp_trouble()):
        ill.append(f"The mail server does not answer: {trouble}")
    if not setting.smtp_url and not setting.demo:
        ill.append(f"SMTP_URL is empty: mail is only kept in {setting.data / 'mail'}.")
    with db.database.connection_context():
        if not User.select().exists():
            ill.append("There is no account yet. Say: flask --app app operator add you@your.domain")
    return ill


def _smtp_trouble() -> str:
    server = urlsplit(setting.smtp_url)
    kind = smtplib.SMTP_SSL if server.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(server.hostname or "", server.port or 0, timeout=10) as connection:
            connection.noop()
    except (OSError, smtplib.SMTPException) as error:
        return str(error)
    return ""


@click.command()
def verify() -> None:
    """Check the books, the counts and the invariants. Exit status 1 when something is wrong."""
    with db.database.connection_context():
        wrong = 0
        for fault in verification.faults():
            click.echo(fault)
            wrong += 1
    click.echo("Everything is as it must be." if not wrong else "1 fault." if wrong == 1 else f"{wrong} faults.")
    sys.exit(bool(wrong))


@click.command()
def demo() -> None:
    """Play the demonstration's cast into an empty database."""
    with db.database.connection_context():
        if User.select().exists():
            raise click.ClickException("There are accounts already; the demonstration needs an empty database.")
        demonstration.furnish(demonstration.play())


@click.command("seed-scale")
def seed_scale() -> None:
    """Organisations of 100, 10,000 and 100,000 people, for measuring."""
    schema.migrate()
    with db.database.connection_context():
        if not User.select().exists():
            scale.seed()


@click.command()
def worker() -> None:
    """Deliver messages and keep the timetable, until told to stop."""
    motor.main()


@click.group()
def operator() -> None:
    """Those who run the installation."""


@operator.command("add")
@click.argument("email")
def operator_add(email: str) -> None:
    """Print a link, good once and for an hour, with which EMAIL becomes an operator."""
    with db.database.connection_context(), db.transaction():
        address = rules.address(email)
        if User.select().where(User.email == address.key).exists():
            raise click.ClickException("This address has an account already.")
        link = links.make(signup.links.SIGN_UP, email=address.key, typed=address.typed, operator=True,
                          language=setting.languages[0])
    click.echo(f"{setting.base_url}/signup/confirm/{link.token}")
