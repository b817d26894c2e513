"""Which mailboxes of a person are sent what opens the account, or keeps it closed."""
from typing import Any

import outbox
from clock import DAY, now
from models import PersonalEvent, User

TRUSTED_AFTER = 7 * DAY                         # the week of `lately`: whoever was in the account may have named it
NAMED = "recovery.address_changed"              # what the person's book says of a recovery address that is confirmed


def write_link(user: User, notice: str, **facts: Any) -> None:
    """To the address one signs in with, and to a recovery address that has been one for a week. In a transaction."""
    outbox.post_to(user, notice, **facts)
    if user.recovery_email and not _new(user.id):
        outbox.post_to(user, notice, to=user.recovery_email_typed, **facts)


def _new(user_id: int) -> bool:
    return bool(PersonalEvent.select(PersonalEvent.id).where(
        PersonalEvent.user == user_id, PersonalEvent.kind == NAMED, PersonalEvent.at > now() - TRUSTED_AFTER).exists())
