"""This installation as a whole: making it ready, and what its owner is told at the start."""
import os
from dataclasses import replace

import crypto
import db
import demo
import outbox
import schema
from accounts import passwords, signup
from models import User
from settings import Settings, setting


def prepare(*, with_demo: bool) -> bool:
    """Bring the database to the present shape; play the demo's cast into a new one. Was it new?"""
    if with_demo:
        os.environ.setdefault("DEMO", "on")
        setting.use(replace(Settings.from_environment(), demo=True))
    _have_key()
    schema.migrate()
    db.connect_to(setting.database)
    with db.database.connection_context():
        new = not User.select().exists()
        if new and with_demo:
            outbox.open_channels()
            demo.live()
        if not with_demo and demo.is_here():
            raise SystemExit("This database holds the demonstration, whose passwords everybody knows. "
                             "Begin for real in another folder: --data DIR, or DATA.")
        if trouble := unreadable():
            raise SystemExit(trouble)
    return new


def unreadable() -> str:
    """Says so when what was sealed does not open: the key is another one than it was sealed with."""
    person = User.select().where(User.password.is_null(False)).first()
    try:
        if person:
            passwords.unsealed(person)
    except crypto.Unsealable:
        return ("The secret key is not the one this database was made with: nobody could sign in. "
                "Put the right secret.key back, or set SECRET_KEY.")
    return ""


def _have_key() -> None:
    """A new installation gets its key before its database; an old one must bring it."""
    db.connect_to(setting.database)
    if db.on_sqlite() or setting.secret_key or (setting.data / "secret.key").exists():
        crypto.master()
        return
    with db.database.connection_context():
        if not User.table_exists():
            crypto.make_master(setting.data)
    crypto.master()


def greeting() -> list[str]:
    """What is printed at the start: the address, who can sign in, where the mail goes."""
    lines = [f"{setting.instance} is at {setting.base_url}"]
    lines += _cast() if setting.demo else _first_operator()
    return [*lines, f"Mail goes to {_mail()}", "Stop with Ctrl-C."]


def _first_operator() -> list[str]:
    """A link for whoever reads this; none as soon as somebody runs the installation (PS-01, BS-05)."""
    with db.database.connection_context():
        if signup.has_operator():
            return []
        link = f"{setting.base_url}/signup/confirm/{signup.operator_link()}"
    return ["Nobody runs it yet. This link makes the account of its operator, once, within an hour:", f"  {link}"]


def _mail() -> str:
    if setting.smtp_url:
        return db.name_of(setting.smtp_url)
    return f"{setting.base_url}/demo/mail" if setting.demo else str(setting.data / "mail")


def _cast() -> list[str]:
    people = [f"  {email:26} {first} {last} ({language})" for _key, first, last, email, language, *_ in demo.PEOPLE]
    return [f"Sign in as one of these, with the password: {demo.PASSWORD}", *people,
            f"Mara and Otto have two-factor authentication; the secret for an authenticator app is {demo.SECRET}"]
