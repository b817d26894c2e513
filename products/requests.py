"""Asking to be let into a product, and the answer: a grant, perhaps with an end, or a no with a word."""
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peewee import JOIN

import audit
import current
import db
import outbox
import rules
from clock import now
from db import transaction
from i18n import _l
from models import AccessRequest, Category, Grant, Membership, Organisation, Product, User
from organisations import members
from organisations.policy import Proved
from organisations.roles import Right, require
from products import catalogue, evidence, grants, lifecycle
from rules import Conflict, NotHere, Refused
from tenancy import at_work

LONGEST = 300
ANSWERED = _l("This request has been answered or withdrawn in the meantime.")


def ask(product: str, reason: str) -> AccessRequest:
    """To use one product of the organisation that has a door of ours. Those responsible read the reason."""
    reason = rules.line(reason, "reason", longest=LONGEST)
    with transaction():
        asker = require(Right.ASK_ACCESS)
        try:
            wanted = lifecycle.find(product)
        except NotHere:
            raise Refused(_l("Choose a product."), "product") from None
        _may_be_asked_for(asker, wanted)
        if not reason:
            raise Refused(_l("Say in a few words why."), "reason")
        request = AccessRequest.create(membership=asker, product=wanted, reason=reason)
        members.count(requests=+1)
        audit.record("access.asked", wanted.public_id, person=asker.user.name, product=wanted.label, reason=reason)
        members.tell_responsible("access_asked", person=asker.user.name, product=wanted.label, reason=reason)
        return request  # type: ignore[no-any-return]


def grant(public_id: str, last_day: date | None = None) -> AccessRequest:
    """Let in, for good or to the end of a day. The person reads of the grant as of any other."""
    with transaction():
        require(Right.EDIT_ACCESS)
        request = _answer(public_id, AccessRequest.GRANTED)
        who = grants.of_member(request.membership.public_id)
        grants.give(who, request.product, Grant.USE, until=_end_of(last_day))
        audit.record("access.granted", request.product.public_id, person=who.name, product=request.product.label)
        return request


def refuse(public_id: str, answer: str) -> AccessRequest:
    answer = rules.line(answer, "answer", longest=LONGEST)
    with transaction():
        require(Right.EDIT_ACCESS)
        if not answer:
            raise Refused(_l("Say in a few words why."), "answer")
        request = _answer(public_id, AccessRequest.REFUSED, answer)
        person, product = request.membership.user, request.product
        event = audit.record("access.refused", product.public_id, person=person.name, product=product.label,
                             reason=answer)
        if not person.suspended:
            outbox.post_to(person, "access_refused", product=product.label, by=event.actor.name, reason=answer,
                           organisation=Organisation.get_by_id(at_work().id).name)
        return request


def withdraw(public_id: str) -> AccessRequest:
    """One's own; NotHere for anybody else's."""
    with transaction():
        asker = require(Right.ASK_ACCESS)
        if one(public_id).membership_id != asker.id:
            raise NotHere
        request = _answer(public_id, AccessRequest.WITHDRAWN)
        audit.record("access.withdrawn", request.product.public_id, person=asker.user.name,
                     product=request.product.label)
        return request


def one(public_id: str) -> AccessRequest:
    """One that waits, with its person and its product; Conflict when it waits no longer."""
    request = _told().where(AccessRequest.public_id == public_id).first()
    if request is None:
        raise NotHere
    if request.state != AccessRequest.WAITING:
        raise Conflict(ANSWERED)
    return request  # type: ignore[no-any-return]


def waiting() -> Any:
    """All that wait, each with its person and its product: a query."""
    return _told().where(AccessRequest.state == AccessRequest.WAITING)


def to_ask_for(membership: int) -> list[Product]:
    """The products there are to ask for, by name, each with `asked`: this member's request that waits, if there is
    one."""
    kinds = [name for name, kind in catalogue.kinds().items() if kind.door]
    query = (Product.select(Product, Category, AccessRequest).join(Category).switch(Product)
             .join(AccessRequest, JOIN.LEFT_OUTER, attr="asked", on=(AccessRequest.product == Product.id)
                   & (AccessRequest.membership == membership) & (AccessRequest.state == AccessRequest.WAITING))
             .where(Product.ended.is_null(), Category.used, Category.kind.in_(kinds)))
    return sorted(query, key=lambda product: (rules.fold(product.label), product.id))


def _may_be_asked_for(asker: Membership, wanted: Product) -> None:
    if not (wanted.category.used and catalogue.kind_of(wanted.category).door):
        raise Refused(_l("Choose a product."), "product")
    if evidence.at_a_door(asker.user_id, wanted.public_id).decide(Grant.USE, Proved(())).sources:
        raise Refused(_l("You may use it already."), "product")
    db.exclusively(f"request of {asker.id}")
    if AccessRequest.waiting().where(AccessRequest.membership == asker.id, AccessRequest.product == wanted.id).exists():
        raise Refused(_l("You have asked for it already. The answer comes by e-mail."), "product")


def _answer(public_id: str, state: str, answer: str = "") -> AccessRequest:
    """Only one answer counts (Conflict for the second)."""
    request = one(public_id)
    if not AccessRequest.update(state=state, answer=answer, answered=now(), answered_by=current.actor().user_id).where(
            AccessRequest.id == request.id, AccessRequest.state == AccessRequest.WAITING).execute():
        raise Conflict(ANSWERED)
    members.count(requests=-1)
    return request


def _told() -> Any:
    return (AccessRequest.select(AccessRequest, Membership, User, Product, Category)
            .join(Membership).join(User).switch(AccessRequest).join(Product).join(Category))


def _end_of(day: date | None) -> datetime | None:
    """The instant that day is over where the organisation is (RL-08)."""
    if day is None:
        return None
    zone = ZoneInfo(Organisation.get_by_id(at_work().id).time_zone)
    return datetime.combine(day + timedelta(days=1), time(), zone)
