"""«This was not me»: whoever else signed in is out, and neither the password they know nor what they may have added
opens anything any more."""
from datetime import datetime

import audit
import current
import outbox
from accounts import acting, keepers, lately, lost_factor, sessions, signup
from db import transaction
from models import Session, User
from rules import NotHere


def foreign(public_id: str) -> Session:
    """One of the acting person's sessions, alive or not, that is not this one; NotHere otherwise (SS-08)."""
    me = current.actor()
    session = Session.get_or_none(Session.public_id == public_id, Session.user == me.user_id,
                                  Session.id != me.session_id)
    if session is None:
        raise NotHere
    return session  # type: ignore[no-any-return]


def disown(public_id: str) -> User:
    """Everything but this session ends, no other browser is known or trusted, and a new password is due. App passwords
    end, and so does what the last week has added to the account, but by this session (`lately`)."""
    with transaction():
        person, session = acting.me(), foreign(public_id)
        since = here()
        keepers.tell(person, "member.disowned", "member_disowned")
        sessions.end_everything(person, "disowned", keep=current.actor().session_id)
        lost_factor.close(person)
        signup.demand_new_password(person)
        lately.disown(person, since)
        audit.record_for(person.id, "session.disowned", session.public_id, browser=session.agent,
                         network=session.network)
        outbox.post_everywhere(person, "disowned", agent=session.agent, network=session.network,
                               at=int(session.created.timestamp()))
        return person


def here() -> datetime | None:
    """Since when this session is open. Whoever adds a factor or another way in ends every other session: what was
    added since then was added in this one, for else it would be over."""
    return Session.select(Session.created).where(  # type: ignore[no-any-return]
        Session.id == current.actor().session_id).scalar()
