"""What a person says of themselves: name, language, country, time zone, look (G5)."""
from zoneinfo import available_timezones

import audit
import current
import outbox
import rules
from accounts import passwords, sessions, signup
from clock import now
from db import transaction
from i18n import NAMES, _l
from models import User
from rules import Refused

THEMES = ("", "light", "dark")


def me() -> User:
    """The acting person's own row, as it is now."""
    return User.get_by_id(current.actor().user_id)  # type: ignore[no-any-return]


def rename(first_name: str, last_name: str) -> User:
    """A new name. The lists of one's organisations follow: see `organisations.members.rename`."""
    first, last = rules.name(first_name, "first_name"), rules.name(last_name, "last_name")
    if not first and not last:
        raise Refused(_l("Enter a name."), "first_name")
    return _change(first_name=first, last_name=last)


def settle(language: str, country: str, time_zone: str, theme: str) -> User:
    """Language of pages and mails, country for formats, zone for times."""
    if language not in NAMES:
        raise Refused(_l("Choose one of the offered values."), "language")
    if time_zone not in available_timezones():
        raise Refused(_l("Choose one of the offered values."), "time_zone")
    if theme not in THEMES:
        raise Refused(_l("Choose one of the offered values."), "theme")
    return _change(language=language, country=country, time_zone=time_zone, theme=theme)


def change_password(present: str, password: str, *, everywhere_else: bool) -> User:
    """A new password, with the present one (G15). A wrong one counts as a failed proof."""
    person = me()
    if not passwords.right(person, present):
        with transaction():
            audit.record_for(person.id, "proof.failed", proof="password")
        raise Refused(_l("This is not your password."), "present")
    passwords.check(password, two_factor=person.two_factor, own=passwords.own_words(person))
    phc = passwords.hashed(password)
    with transaction():
        signup.set_password(person, phc, long=passwords.stands_alone(password))
        if everywhere_else:
            sessions.end_everything(person, "password", keep=current.actor().session_id)
        audit.record_for(person.id, "password.changed", everywhere_else=everywhere_else)
        outbox.post_to(person, "password_changed", at=int(now().timestamp()))
        return person


def _change(**what: str) -> User:
    with transaction():
        person = me()
        changed = [name for name, value in what.items() if getattr(person, name) != value]
        if changed:
            User.update(**what).where(User.id == person.id).execute()
            audit.record_for(person.id, "account.changed", fields=", ".join(changed))
        return me()
