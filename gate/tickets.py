"""Coming in by a gate: a code that our own host gives, and the ticket it becomes at the application's.

A ticket is good at one application only, in the browser it was made for, and is a child of the session: it opens
nothing without that.
"""
import crypto
from accounts.sessions import SignedIn
from clock import DAY, MINUTE, now
from db import transaction
from gate.reading import Known
from models import GateTicket, Product
from products import uses
from tenancy import across_organisations, working_for

TICKET, BEGUN = "kanton_gate", "kanton_gate_begun"      # cookies of the application's host
CODE_LIFE, LIFE = MINUTE, DAY


def begin(who: SignedIn, gate: Known, place: str, browser: str) -> str:
    """A code, good once, for a minute, and in the browser that began (`browser`: a digest of what it keeps)."""
    code = crypto.token()
    with transaction(), working_for(gate):
        GateTicket.create(product=gate.product_id, user=who.user_id, session=who.session_id,
                          digest=crypto.digest(code), browser=browser, place=place, expires=now() + CODE_LIFE)
    return code


def redeem(gate: Known, code: str, browser: str) -> tuple[str, str] | None:
    """(the ticket's secret, the place that was wanted) for a code; of two at once, one gets it. The use is counted.

    `browser`: what it kept since it began. One that kept nothing began nothing.
    """
    if not browser:
        return None
    secret, digest = crypto.token(), crypto.digest(browser)
    with transaction(), working_for(gate):
        if not GateTicket.update(digest=crypto.digest(secret), browser="", expires=now() + LIFE).where(
                GateTicket.digest == crypto.digest(code), GateTicket.browser == digest,
                GateTicket.product == gate.product_id, GateTicket.expires > now()).execute():
            return None
        ticket = GateTicket.get(GateTicket.digest == crypto.digest(secret))
        uses.note(Product.get_by_id(gate.product_id), ticket.user_id, f"session {ticket.session_id}")
        return secret, ticket.place


def end(gate: Known, ticket: str) -> None:
    """It opens nothing any more, from the next request on; whoever came in by it stays signed in here."""
    with transaction(), working_for(gate):
        GateTicket.delete().where(GateTicket.digest == crypto.digest(ticket),
                                  GateTicket.product == gate.product_id).execute()


def forget_old() -> None:
    with transaction(), across_organisations("throwing away what opens nothing any more"):
        GateTicket.delete().where(GateTicket.expires < now()).execute()
