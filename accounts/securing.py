"""Securing an account that somebody else may have got into (G4-R7): what is signed in, known or let in without us."""
import audit
import current
import outbox
from accounts import acting, app_passwords, lost_factor, sessions
from db import transaction
from models import Device, User


def known_browsers(user_id: int) -> int:
    """How many browsers are told again by their cookie, this one included."""
    return int(Device.select().join(User).where(Device.user == user_id, Device.epoch == User.epoch).count())


def clear() -> None:
    """Every other session ends, no other browser is known or trusted, app passwords open nothing any more."""
    with transaction():
        person = acting.me()
        sessions.end_everything(person, sessions.BY_OWNER, keep=current.actor().session_id)
        lost_factor.close(person)
        revoked = app_passwords.end_all(person)
        audit.record_for(person.id, "account.cleared", app_passwords=revoked)
        outbox.post_everywhere(person, "account_cleared", app_passwords=revoked)
