"""«This was not me»: whoever else signed in is out, and the password they know opens nothing any more."""
import audit
import current
import outbox
from accounts import acting, keepers, lost_factor, sessions, signup
from db import transaction
from models import Session
from rules import NotHere


def foreign(public_id: str) -> Session:
    """One of the acting person's sessions, alive or not, that is not this one; NotHere otherwise (SS-08)."""
    me = current.actor()
    session = Session.get_or_none(Session.public_id == public_id, Session.user == me.user_id,
                                  Session.id != me.session_id)
    if session is None:
        raise NotHere
    return session  # type: ignore[no-any-return]


def disown(public_id: str) -> None:
    """Everything but this session ends, no other browser is known or trusted, and a new password is due."""
    with transaction():
        person, session = acting.me(), foreign(public_id)
        keepers.tell(person, "member.disowned", "member_disowned")
        sessions.end_everything(person, "disowned", keep=current.actor().session_id)
        lost_factor.close(person)
        signup.demand_new_password(person)
        audit.record_for(person.id, "session.disowned", session.public_id, browser=session.agent,
                         network=session.network)
        outbox.post_everywhere(person, "disowned", agent=session.agent, network=session.network,
                               at=int(session.created.timestamp()))
