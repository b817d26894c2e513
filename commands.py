"""What the person who runs Kanton says to it: `flask --app app …`."""
import json
import shutil
import smtplib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlsplit

import click
import peewee
from flask import Flask, current_app
from flask.cli import ScriptInfo, with_appcontext
from peewee import fn

import assets
import crypto
import current
import db
import demo as demonstration
import i18n
import installation
import limits
import outbox
import rules
import scale
import schema
import verification
import worker as motor
from accounts import pushes, signin, signup
from accounts.factors import sms
from clock import DAY, MINUTE, epoch, now
from current import Actor
from models import Message, PersonalEvent, User
from oidc import keys
from organisations import operating, protection
from settings import every, setting

SECRET = ("SECRET_KEY", "SMTP_URL", "REDIS_URL", "SMS_URL", "_PASSWORD", "_SECRET")    # settings that are never shown
SQLITE_AT_LEAST = (3, 51, 3)                    # before it a WAL reset can corrupt a database of two connections


def add_to(app: Flask) -> None:
    for command in (migrate, build, settings, routes, doctor, verify, demo, seed_scale, worker, operator,
                    new_signing_keys):
        app.cli.add_command(command)


def said() -> bool:
    """Is the application made for a command of Flask's, which answers no request? Then no key is made for it."""
    context = click.get_current_context(silent=True)        # granian has one, too
    return context is not None and context.find_object(ScriptInfo) is not None and context.info_name != "run"


def standing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Only where there is an installation: a command about one that is elsewhere makes none."""
    @wraps(command)
    def careful(*arguments: Any, **options: Any) -> Any:
        schema.require()
        return command(*arguments, **options)
    return careful


@click.command()
def migrate() -> None:
    """Bring the database to the present shape."""
    installation.have_key()
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
    for name, told, value, default in every():
        if markdown:
            click.echo(f"| `{name}` | {told} | {f'`{default}`'.replace('|', chr(92) + '|') if default else ''} |")
        else:
            shown = "…" if name.endswith(SECRET) and value else db.name_of(value)
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


def _ailments() -> Iterator[str]:
    with suppress(peewee.OperationalError):     # of which it says more below
        if nothing := schema.nothing_here():
            yield nothing
            return
    yield from _of_the_machine()
    yield from _of_the_mail_server()
    yield from filter(None, (backend.ailment() for backend in signin.backends().values()))
    try:
        with db.database.connection_context():
            yield from _of_what_is_kept()
            yield from _of_text_messages()
    except peewee.OperationalError as trouble:
        yield f"The database does not answer: {trouble}"


def _of_the_machine() -> Iterator[str]:
    if db.on_sqlite() and db.sqlite_version() < SQLITE_AT_LEAST:
        yield f"SQLite {'.'.join(map(str, db.sqlite_version()))} is older than 3.51.3: install pysqlite3."
    try:
        crypto.master()
    except SystemExit as trouble:
        yield str(trouble)
    if not setting.secure and not setting.on_loopback:
        yield "BASE_URL is not https: put a proxy with TLS in front."
    if setting.data.exists() and setting.data.stat().st_mode & 0o077:
        yield f"{setting.data} can be read by others. Say: chmod 700 {setting.data}"
    try:
        with TemporaryFile(dir=setting.data):
            pass
    except OSError as trouble:
        yield f"Nothing can be written where {setting.data} is: {trouble.strerror}."
        return
    if shutil.disk_usage(setting.data).free < 1 << 30:
        yield f"Less than 1 GB is free where {setting.data} is."
    last = motor.seen()
    if last is None or epoch() - last > motor.SILENT:
        yield "No worker has been at work for three minutes. Say: flask --app app worker"


def _of_the_mail_server() -> Iterator[str]:
    if not setting.support and not setting.demo:
        yield "SUPPORT is empty: whoever is locked out, and has nobody to vouch for them, reads no address to write to."
    if setting.smtp_url and (trouble := _smtp_trouble()):
        yield f"The mail server does not answer: {trouble}"
    if not setting.smtp_url and not setting.demo:
        yield f"SMTP_URL is empty: mail is only kept in {setting.data / 'mail'}."


def _of_what_is_kept() -> Iterator[str]:
    with suppress(SystemExit):                  # no key at all is said above
        if trouble := installation.unreadable():
            yield trouble
    if demonstration.is_here() and not setting.demo:
        yield "This database holds the demonstration, whose passwords everybody knows."
    if bare := User.select().where(User.operator, ~User.two_factor).count():
        yield f"{bare} of those who run this installation have no two-factor authentication."
    yield from installation.switched_off()
    if db.owned_here():
        yield "DATABASE_URL names a role that owns the tables or is a superuser: row-level security does not bind it."
    if not signup.has_operator():
        yield "Nobody runs this installation yet. Say: flask --app app operator add you@your.domain"
    latest = PersonalEvent.select(fn.MAX(PersonalEvent.at)).scalar()
    if latest and latest > now() + MINUTE:
        yield f"The clock is wrong: it says {now():%Y-%m-%d %H:%M}, but something happened {latest:%Y-%m-%d %H:%M}."
    given_up = Message.select().where(Message.state == Message.FAILED, Message.created > now() - 7 * DAY,
                                      Message.channel != pushes.CHANNEL)        # they live for a minute
    if number := given_up.count():
        last = given_up.order_by(Message.id.desc()).get()
        yield f"{number} messages of the last seven days were given up. The last: {last.error}"


def _of_text_messages() -> Iterator[str]:
    if not setting.sms_url:
        return
    most, left = setting.sms_a_day, max(0, limits.left(sms.budget(), sms.EVERYBODY))
    if left <= most // sms.ALARM:
        yield f"Of the day's {most} text messages {left} are left. See who asks for so many, or raise SMS_A_DAY."


def _smtp_trouble() -> str:
    server = urlsplit(setting.smtp_url)
    kind, port = (smtplib.SMTP_SSL, 465) if server.scheme == "smtps" else (smtplib.SMTP, 587)
    try:
        with kind(server.hostname or "localhost", server.port or port, timeout=10) as connection:
            connection.noop()
    except OSError as error:                    # what smtplib raises is an OSError, too
        return str(error)
    return ""


@click.command()
@click.option("--heads", type=click.Path(path_type=Path, dir_okay=False),
              help="A file, kept elsewhere, with the end of every book: compared, then written anew.")
@standing
def verify(heads: Path | None) -> None:
    """Check the books, the counts and the invariants. Exit status 1 when something is wrong."""
    kept = json.loads(heads.read_text()) if heads and heads.exists() else {}
    with db.database.connection_context():
        wrong = 0
        for fault in (*verification.faults(), *verification.cut_off(kept)):
            click.echo(fault)
            wrong += 1
        if heads and not wrong:
            heads.write_text(json.dumps(verification.heads(), indent=1) + "\n")
    click.echo("Everything is as it must be." if not wrong else "1 fault." if wrong == 1 else f"{wrong} faults.")
    sys.exit(bool(wrong))


@click.command()
@standing
def demo() -> None:
    """Play the demonstration's cast into an empty database."""
    with db.database.connection_context():
        if User.select().exists():
            raise click.ClickException("There are accounts already; the demonstration needs an empty database.")
        outbox.open_channels()
        demonstration.live()


@click.command("seed-scale")
def seed_scale() -> None:
    """Organisations of 100, 10,000 and 100,000 people, for measuring."""
    installation.have_key()
    schema.migrate()
    with db.database.connection_context():
        if not User.select().exists():
            scale.seed()


@click.command()
def worker() -> None:
    """Deliver messages and keep the timetable, until told to stop."""
    motor.main()


@click.command("new-signing-keys")
@click.option("--at-once", is_flag=True, help="The present ones may be in wrong hands: they are believed no longer.")
@standing
def new_signing_keys(at_once: bool) -> None:
    """Make the keys that sign people in to applications anew. They sign from tomorrow, shown from today."""
    with db.database.connection_context():
        for algorithm in keys.renew_all(at_once=at_once):
            click.echo(f"made: {algorithm}")


@click.group()
def operator() -> None:
    """Those who run the installation."""


@operator.command("reset-factor")
@click.argument("email")
@click.confirmation_option(prompt="Have you made sure that it is this person who asks?")
@standing
def operator_reset_factor(email: str) -> None:
    """Remove the second factors of EMAIL: for somebody who lost them and has been identified."""
    with db.database.connection_context(), _plainly():
        person = User.get_or_none(User.email == rules.address(email).key)
        if person is None or not person.two_factor:
            raise click.ClickException("Nobody with two-factor authentication has this address.")
        with current.acting_as(Actor(kind="operator")):
            protection.reset(person)
    click.echo("Removed. The person has been written to, and signs in with the password.")


@operator.command("change-address")
@click.argument("email")
@click.argument("new")
@click.confirmation_option(prompt="Have you made sure that it is this person who asks?")
@standing
def operator_change_address(email: str, new: str) -> None:
    """Let the account of EMAIL have the address NEW: for somebody who lost the mailbox and has been identified."""
    with db.database.connection_context(), _plainly():
        person = User.get_or_none(User.email == rules.address(email).key, User.suspended.is_null())
        if person is None:
            raise click.ClickException("No account that is not suspended has this address.")
        with current.acting_as(Actor(kind="operator")):
            operating.change_address(person, new)
    click.echo("All addresses known so far have been written to, with a link that says no. If nobody does, the new one "
               "gets a link in 24 hours, and has 24 more to confirm.")


@contextmanager
def _plainly() -> Iterator[None]:
    """What a rule refuses, as a sentence of the command's."""
    try:
        yield
    except rules.Refused as refusal:
        raise click.ClickException(str(refusal.why)) from None


@operator.command("add")
@click.argument("email")
@standing
def operator_add(email: str) -> None:
    """Print a link, good once and for an hour, with which EMAIL becomes an operator."""
    with db.database.connection_context():
        try:
            address = rules.address(email)
            _refuse_known(address)
            token = signup.operator_link(email)
        except rules.Refused as refusal:
            raise click.ClickException(str(refusal.why)) from None
    click.echo(f"This link makes the account of {address.typed}, once, within an hour:")
    for line in installation.first_steps(token):
        click.echo(line)


def _refuse_known(address: rules.Address) -> None:
    known = User.get_or_none(User.email == address.key)
    if known and known.operator:
        raise click.ClickException(f"{address.typed} is an operator already: {setting.base_url}/operator/. A lost "
                                   f"second factor is removed by: operator reset-factor {address.typed}")
    if known:
        raise click.ClickException(f"{address.typed} has an account already, and an operator’s is one of its own, "
                                   "outside all organisations. Say another address of this person.")
