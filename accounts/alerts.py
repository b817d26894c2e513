"""What people are told of sign-ins to their account (G4). No such letter has a link to follow (G4-R3)."""
from datetime import timedelta
from typing import Any

from peewee import SQL, fn

import audit
import crypto
import current
import db
import outbox
from accounts import acting
from accounts.sessions import network
from clock import HOUR, MINUTE, now
from db import transaction
from i18n import _l
from models import Device, Message, User
from questions import question, slot
from rules import Refused

COLLECTED = 10 * MINUTE                         # what goes wrong in these is one letter
APART: timedelta = HOUR                         # from one such letter to the next
FEWEST, MOST = 3, 50                            # wrong passwords in a row that may lock


def choose(*, alert_new_place: bool, alert_failure: bool, alert_success: bool, lock_threshold: int) -> User:
    """Which sign-ins one is told of, and how many wrong passwords lock (G4-R5)."""
    if not FEWEST <= lock_threshold <= MOST:
        raise Refused(_l("Enter a number from %(least)s to %(most)s.", least=FEWEST, most=MOST), "lock_threshold")
    chosen: dict[str, Any] = {"alert_new_place": alert_new_place, "alert_failure": alert_failure,
                              "alert_success": alert_success, "lock_threshold": lock_threshold}
    with transaction():
        person = acting.me()
        if any(getattr(person, name) != value for name, value in chosen.items()):
            User.update(**chosen).where(User.id == person.id).execute()
            audit.record_for(person.id, "alerts.changed", **chosen)
        return User.get_by_id(person.id)  # type: ignore[no-any-return]


def signed_in(user: User, *, strange: bool) -> None:
    """Somebody signed in, perhaps from a browser or a network not seen before (G4-R1). In that transaction."""
    notice = "new_sign_in" if strange and user.alert_new_place else "sign_in" if user.alert_success else ""
    if notice:
        post = outbox.post_everywhere if notice == "new_sign_in" else outbox.post_to
        post(user, notice, **_circumstances())


def failed(user: User, what: str, *, at_once: bool = False) -> None:
    """One more of the wrong `passwords` or `codes` (G4-R2): a letter that has not left yet counts it as well.

    In the transaction that has just written to the person's book: nobody else counts meanwhile. `at_once`: now,
    and whatever was chosen, for somebody may know the password.
    """
    if user.suspended or not (user.alert_failure or at_once):
        return
    for address in outbox.addresses(user):
        _failed(user, address, what, at_once=at_once)


def _failed(user: User, address: str, what: str, *, at_once: bool) -> None:
    """Each address has a letter of its own, which waits or has left."""
    told, mine = _circumstances(), ((Message.notice == "failed_sign_ins") & (Message.subject == user.public_id)
                                    & (Message.recipient == address))
    waiting = db.locked(Message.select().where(mine, Message.state == Message.WAITING, Message.attempts == 0)).first()
    if waiting:
        Message.update(facts=waiting.facts | told | {what: waiting.facts[what] + 1},
                       due=now() if at_once else waiting.due).where(Message.id == waiting.id).execute()
        return
    last = Message.select(Message.created).where(mine).order_by(Message.id.desc()).scalar()
    due = now() if at_once else max(now() + COLLECTED, last + APART) if last else now() + COLLECTED
    outbox.post_to(user, "failed_sign_ins", to=address, subject=user.public_id, due=due,
                   **told | {"passwords": 0, "codes": 0} | {what: 1})


def undelivered(user: User, device: str) -> bool:
    """Is there a letter to this person that did not get through since they last signed in in this browser (G4)?

    Each browser is told for itself, so that whoever else signs in takes the word from nobody.
    """
    return bool(_undelivered()(user=user.id, token=crypto.digest(device)))


@question
def _undelivered() -> Any:
    mine = slot("user")
    here = Device.select(Device.last_seen).where(Device.user == mine, Device.token_hash == slot("token"))
    return Message.select(Message.id).where(
        Message.user == mine, SQL("error <> ''"), Message.state != Message.SENT, Message.channel == "email",
        Message.due > fn.COALESCE(here, Message.created)).limit(1)


def _circumstances() -> dict[str, Any]:
    who = current.actor()
    return {"agent": who.agent, "network": network(who.address), "at": int(now().timestamp())}
