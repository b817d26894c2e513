"""What the person who runs Kanton says to it: `flask --app app …`."""
from dataclasses import fields

import click
from flask import Flask

import schema
from settings import Settings, setting


def add_to(app: Flask) -> None:
    for command in (migrate, settings):
        app.cli.add_command(command)


@click.command()
def migrate() -> None:
    """Bring the database to the present shape."""
    for name in schema.migrate():
        click.echo(f"done: {name}")


@click.command()
def settings() -> None:
    """Every setting: its name, what it is for, its value."""
    for knob in fields(Settings):
        value = getattr(setting, knob.name)
        shown = "…" if knob.name == "secret_key" and value else value
        click.echo(f"{knob.name.upper():20} {knob.metadata['help']}\n{'':20} now: {shown}")
