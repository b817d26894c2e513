"""This installation as a whole: making it ready, and what its owner is told at the start."""
import os
from dataclasses import replace
from typing import Any

from peewee import fn

import crypto
import db
import demo
import outbox
import plugins
import schema
from accounts import passwords, signin, signup
from models import Credential, Identity, User
from settings import Settings, setting


def prepare(*, with_demo: bool) -> bool:
    """Bring the database to the present shape; play the demo's cast into a new one. Was it new?"""
    if with_demo:
        os.environ.setdefault("DEMO", "on")
        setting.use(replace(Settings.from_environment(), demo=True))
    plugins.require_all(setting)
    have_key()
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
        db.learn()
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


def switched_off() -> list[str]:
    """What accounts still have of ways that the settings no longer name, and how many that shuts out.

    What organisations have brought along is theirs to switch, and not spoken of.
    """
    active, offered = Credential.state == Credential.ACTIVE, Credential.kind.in_(setting.second_factors)
    usable = Credential.select(Credential.user).where(active, offered)
    shut_out = User.select().where(User.two_factor, User.suspended.is_null(), User.id.not_in(usable)).count()
    lines = [f"SECOND_FACTORS does not name {kind}, which accounts have: {number}."
             for kind, number in _held(Credential.kind, active, ~offered)]
    if shut_out:
        lines.append("Accounts whose password opens nothing, as SECOND_FACTORS names none of their factors: "
                     f"{shut_out}.")
    elsewhere = Identity.provider.not_in(list(signin.backends())) & ~Identity.provider.contains("@")
    return lines + [f"{provider} is no longer configured, but accounts are linked to it: {number}."
                    for provider, number in _held(Identity.provider, elsewhere)]


def _held(what: Any, *where: Any) -> list[tuple[str, int]]:
    """In how many accounts there is what of a kind."""
    people = fn.COUNT(what.model.user.distinct())
    return list(what.model.select(what, people).where(*where).group_by(what).order_by(what).tuples())


def have_key() -> None:
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
    with db.database.connection_context():
        lines += [f"Beware: {line}" for line in switched_off()]
    return [*lines, f"Mail goes to {_mail()}", "Stop with Ctrl-C."]


def _first_operator() -> list[str]:
    """A link for whoever reads this; none as soon as somebody runs the installation (PS-01, BS-05)."""
    with db.database.connection_context():
        if signup.has_operator():
            return []
        token = signup.operator_link()
    return ["Nobody runs it yet. This link makes the account of its operator, once, within an hour:",
            *first_steps(token)]


def first_steps(token: str) -> list[str]:
    """The link that makes an operator's account, and what comes after it."""
    return [f"  {setting.base_url}/signup/confirm/{token}",
            "It asks for a password, then for a second factor, and leads to the operator’s console:",
            f"  {setting.base_url}/operator/"]


def _mail() -> str:
    if setting.smtp_url:
        return db.name_of(setting.smtp_url)
    return f"{setting.base_url}/demo/mail" if setting.demo else str(setting.data / "mail")


def _cast() -> list[str]:
    people = [f"  {email:26} {first} {last} ({language})" for _key, first, last, email, language, *_ in demo.PEOPLE]
    return [f"Sign in as one of these, with the password: {demo.PASSWORD}", *people,
            f"Mara and Otto have two-factor authentication; the secret for an authenticator app is {demo.SECRET}"]
