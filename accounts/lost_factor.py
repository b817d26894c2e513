"""Getting back in without the second factor (3.11): the password, the mailbox, somebody who vouches, and a day's wait.

Whoever reads any of the account's addresses can say no to it all that time.
"""
from typing import Any

import audit
import current
import limits
import outbox
from accounts import keepers, links, mailboxes, second_factors, signin, signup
from accounts.sessions import lent_by, network
from accounts.signin import Outcome
from clock import DAY, now
from db import locked, transaction
from i18n import _l
from models import Attempt, Link, Membership, Recovery, Role, User
from rules import Conflict, Gone, NotHere, Refused
from tenancy import across_organisations

WAIT, LIFE = DAY, 3 * DAY                       # life: until somebody vouches, and again after that
UNDER_WAY = (Recovery.OPEN, Recovery.APPROVED)
NOT_OWN = _l("You came in by the identity provider of an organisation. Getting in without a second factor takes a "
             "proof of your own: sign in with your password, or in another way of your own.")


def of(user_id: int) -> Recovery | None:
    """The request that is under way."""
    return (Recovery.select().where(Recovery.user == user_id, Recovery.state.in_(UNDER_WAY),  # type: ignore[no-any-return]
                                    Recovery.expires > now()).order_by(Recovery.id.desc()).first())


def waiting(user_id: int) -> Recovery | None:
    """The request that waits for somebody who vouches, or for another one, as a vouching no longer stands."""
    found = of(user_id)
    return found if found and not vouched(found) else None


def vouched(request: Recovery) -> bool:
    """Has somebody vouched who still could: a legal representative, where the person still belongs?"""
    if request.state != Recovery.APPROVED:
        return False
    with across_organisations("whether a vouching still stands"):
        there = Membership.belonging(request.user_id).where(Membership.organisation == request.vouched_in)
        return bool(_legal_in(there).where(Membership.user == request.vouched_by_id).exists())


def vouchers(user_id: int) -> bool:
    """Is there anybody who could?"""
    with across_organisations("who could vouch for a person"):
        return bool(_legal_in(Membership.belonging(user_id)).where(Membership.user != user_id).exists())


def lent(attempt: Attempt) -> bool:
    """Was the first proof that of an organisation's own provider? It is not one of the person's own (FD-14)."""
    return bool(lent_by(attempt.proofs.split()))


def open_for(attempt: Attempt) -> None:
    """The first proof is given. Everybody who could object or vouch is told; Conflict when one is under way."""
    _own(attempt)
    user = attempt.user
    limits.spend(limits.LOST_FACTOR, user.id)
    who = current.actor()
    with transaction():
        locked(User.select(User.id).where(User.id == user.id)).first()
        if of(user.id) or not vouchers(user.id):
            raise Conflict("")
        request = Recovery.create(user=user, kind="factor", agent=who.agent, network=network(who.address),
                                  expires=now() + LIFE)
        keep = links.make(links.FACTOR_KEPT, user=user, email=user.email, recovery=request.public_id)
        keepers.tell(user, "member.factor_lost", "vouch_asked", (Role.LEGAL,), belonging=True)
        audit.record_for(user.id, "recovery.opened", request.public_id)
        mailboxes.write_link(user, "factor_lost", at=int(now().timestamp()), agent=request.agent,
                             network=request.network, **links.told(keep))


def approve(user: User, voucher: int, organisation: int) -> bool:
    """Somebody vouches: a day later the link may be asked for. In a transaction. Was there anything to vouch for?"""
    request = waiting(user.id)
    opens = now() + WAIT
    if request is None or not Recovery.update(
            state=Recovery.APPROVED, vouched_by=voucher, vouched_in=organisation, opens=opens, expires=now() + LIFE
            ).where(Recovery.id == request.id, Recovery.state == request.state,
                    Recovery.opens == request.opens).execute():
        return False
    keep = Link.select().where(Link.user == user.id, Link.purpose == links.FACTOR_KEPT).order_by(Link.id.desc()).get()
    audit.record_for(user.id, "recovery.vouched", request.public_id)
    mailboxes.write_link(user, "factor_vouched", at=int(opens.timestamp()), **links.told(keep))
    return True


def refuse(user: User) -> bool:
    """Somebody who could vouch says that it is not they, or not certain. In a transaction. Was there a request?"""
    request = of(user.id)
    if request is None or not close(user):
        return False
    keepers.tell(user, "member.factor_refused", "member_factor_refused")
    audit.record_for(user.id, "recovery.refused", request.public_id)
    outbox.post_everywhere(user, "factor_refused")
    return True


def ready(request: Recovery) -> bool:
    """May its link be sent, and used?"""
    return bool(request.opens and request.opens <= now() and vouched(request))


def send(attempt: Attempt) -> None:
    """The day is over: the link, to the mailboxes. It opens only beside the first proof, given anew."""
    _own(attempt)
    limits.spend(limits.LOST_FACTOR, attempt.user_id)
    with transaction():
        request = _ready(attempt.user_id)
        link = links.make(links.FACTOR_LOST, user=attempt.user, email=attempt.user.email, recovery=request.public_id)
        audit.record_for(attempt.user_id, "recovery.link_sent", request.public_id)
        mailboxes.write_link(attempt.user, "factor_link", **links.told(link))


def opened(token: str) -> Link:
    """The link, while its request may be used; else Gone."""
    link = links.opened(token, links.FACTOR_LOST)
    try:
        request = _ready(link.user_id)
    except NotHere:
        raise Gone from None
    if request.public_id != link.facts["recovery"] or link.user.email != link.email:
        raise Gone
    return link


def enter(token: str, attempt: str, *, device: str = "", place: str = "") -> Outcome:
    """In, to set up a new factor: the old ones end, and everything signed in. Of two at once, one gets in.

    NotHere when the first proof was not given in this browser just now; Refused when it is not one of one's own.
    """
    link, half = opened(token), signin.half_way(attempt)
    if half is None or half.user_id != link.user_id:
        raise NotHere
    _own(half)
    user = link.user                            # held by what uses the link up
    with transaction():
        links.use_up(link)
        if not (Attempt.delete().where(Attempt.id == half.id).execute()
                and Recovery.update(state=Recovery.DONE, closed=now()).where(
                    Recovery.public_id == link.facts["recovery"], Recovery.state == Recovery.APPROVED).execute()):
            raise Gone
        keepers.tell(user, "member.factor_reset", "member_factor_reset")
        links.end(user, links.FACTOR_KEPT)
        audit.record_for(user.id, "two_factor.reset", link.facts["recovery"])
        second_factors.reset(user)
        return signin.welcome(user, f"{half.proofs} recovery", device=device, place=place, elsewhere=half.elsewhere)


def kept(token: str) -> Link:
    """The link that says no, while there is something to say no to; else Gone."""
    link = links.opened(token, links.FACTOR_KEPT)
    request = of(link.user_id)
    if request is None or request.public_id != link.facts["recovery"]:
        raise Gone
    return link


def keep(token: str) -> User:
    """«I have it still» or «that was not me»: nothing comes of it, and a new password is due."""
    link = kept(token)
    with transaction():
        links.use_up(link)
        if not close(link.user):
            raise Gone
        signup.demand_new_password(link.user)
        audit.record_for(link.user_id, "recovery.cancelled", link.facts["recovery"])
        outbox.post_everywhere(link.user, "factor_kept")
        return link.user  # type: ignore[no-any-return]


def close(user: User) -> int:
    """What is under way comes to nothing. In a transaction."""
    links.end(user, links.FACTOR_LOST, links.FACTOR_KEPT)
    return int(Recovery.update(state=Recovery.CANCELLED, closed=now()).where(
        Recovery.user == user.id, Recovery.state.in_(UNDER_WAY)).execute())


def lapse_due() -> None:
    """Nobody vouched, or nobody came: what was noted of the browser is forgotten with it."""
    with transaction():
        Recovery.update(state=Recovery.LAPSED, closed=now(), agent="", network="").where(
            Recovery.state.in_(UNDER_WAY), Recovery.expires <= now()).execute()


def _ready(user_id: int) -> Recovery:
    request = of(user_id)
    if request is None or not ready(request):
        raise NotHere
    return request


def _legal_in(memberships: Any) -> Any:
    """Whoever could vouch in these."""
    return Membership.legal_representatives().where(Membership.organisation.in_(
        memberships.select(Membership.organisation)))


def _own(attempt: Attempt) -> None:
    """Whoever runs the provider of an organisation could give its proof as any of its members."""
    if lent(attempt):
        raise Refused(NOT_OWN)
