"""Securing an account that somebody else may have got into (G4-R7): what is signed in, known, or proves who one is."""
from peewee import JOIN

import audit
import current
import outbox
from accounts import acting, app_passwords, lost_factor, second_factors, sessions
from db import transaction
from models import Credential, User


def with_factors(user_id: int) -> tuple[User, list[Credential]]:
    """A person, and the second factors that are theirs: in one question."""
    rows = list(User.select(User, Credential).join(Credential, JOIN.LEFT_OUTER, on=(
        (Credential.user == User.id) & (Credential.state == Credential.ACTIVE)
        & Credential.kind.not_in(second_factors.handed_out()))).where(User.id == user_id).order_by(Credential.id))
    return rows[0], [row.credential for row in rows if row.credential]


def clear() -> None:
    """Every other session ends, no other browser is known or trusted, app passwords open nothing any more."""
    with transaction():
        person = acting.me()
        sessions.end_everything(person, sessions.BY_OWNER, keep=current.actor().session_id)
        lost_factor.close(person)
        revoked = app_passwords.end_all(person)
        audit.record_for(person.id, "account.cleared", app_passwords=revoked)
        outbox.post_everywhere(person, "account_cleared", app_passwords=revoked)
