"""Which mailboxes of a person are sent what opens the account, or keeps it closed; and what was named lately."""
from datetime import datetime
from typing import Any

from peewee import fn

import outbox
from clock import DAY, now
from models import PersonalEvent, User

SUSPECT = 7 * DAY                               # whoever turns out to have been in an account may have added it
ADDRESS_NAMED = ("recovery.address_changed",)   # what the person's book says of them
PHONE_NAMED = ("recovery.phone_changed", "recovery.phone_confirmed")


def write_link(user: User, notice: str, **facts: Any) -> None:
    """To the address one signs in with, and to a recovery address that has been one for a week. In a transaction."""
    outbox.post_to(user, notice, **facts)
    if user.recovery_email and not User.select(named(user.id, ADDRESS_NAMED, now() - SUSPECT)).scalar():
        outbox.post_to(user, notice, to=user.recovery_email_typed, **facts)


def named(user_id: int, what: tuple[str, ...], since: datetime) -> Any:
    """Was it since then, as a part of another question? The person's book says when."""
    return fn.EXISTS(PersonalEvent.select(PersonalEvent.id).where(
        PersonalEvent.user == user_id, PersonalEvent.at >= since, PersonalEvent.kind.in_(what)))
