"""What people are told of sign-ins to their account (G4). No such letter has a link to follow (G4-R3)."""
from datetime import timedelta
from typing import Any

import current
import db
import outbox
from accounts.sessions import network
from clock import HOUR, MINUTE, now
from models import Message, User

COLLECTED = 10 * MINUTE                         # what goes wrong in these is one letter
APART: timedelta = HOUR                         # from one such letter to the next


def new_sign_in(user: User) -> None:
    """Somebody signed in from a browser or a network not seen before (G4-R1). In the transaction of the sign-in."""
    who = current.actor()
    outbox.post_to(user, "new_sign_in", at=int(now().timestamp()), agent=who.agent, network=network(who.address))


def failed(user: User, what: str) -> None:
    """One more of the wrong `passwords` or `codes` (G4-R2): a letter that has not left yet counts it as well.

    In the transaction that has just written to the person's book: nobody else counts meanwhile.
    """
    if user.suspended:
        return
    who, mine = current.actor(), (Message.notice == "failed_sign_ins") & (Message.subject == user.public_id)
    told: dict[str, Any] = {"agent": who.agent, "network": network(who.address), "at": int(now().timestamp())}
    waiting = db.locked(Message.select().where(mine, Message.state == Message.WAITING, Message.attempts == 0)).first()
    if waiting:
        Message.update(facts=waiting.facts | told | {what: waiting.facts[what] + 1}).where(
            Message.id == waiting.id).execute()
        return
    last = Message.select(Message.created).where(mine).order_by(Message.id.desc()).scalar()
    due = max(now() + COLLECTED, last + APART) if last else now() + COLLECTED
    outbox.post_to(user, "failed_sign_ins", subject=user.public_id, due=due,
                   **told | {"passwords": 0, "codes": 0} | {what: 1})
