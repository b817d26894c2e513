"""Giving rights over products, and taking them back: to a member, a team, or somebody invited (G2).

A grant is one ticked box. What is saved is one category: the boxes of its products, and those of its future ones.
"""
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import audit
import current
import db
import outbox
from clock import now
from db import transaction
from i18n import _l
from models import Category, Grant, Invitation, Membership, Organisation, Product, Role, Team
from organisations import seats
from organisations.roles import Right, require
from products import catalogue, evidence, lifecycle
from rules import Conflict, NotHere, Refused
from tenancy import at_work

Box = tuple[str, str]                           # a product's public id, and a right
Ticked = tuple[set[Box], set[str]]              # boxes, and rights over future products


@dataclass(frozen=True)
class Subject:
    """Whose grants are spoken of. `whose`: the column that says so."""

    whose: str                                  # membership, team, invitation
    id: int
    public_id: str
    name: str
    membership: Membership | None = None

    @property
    def these(self) -> Any:
        """Its rows."""
        return getattr(Grant, self.whose) == self.id

    @property
    def manages_all(self) -> bool:
        """A role that holds every right of management anyway: what is granted sleeps until it changes (RI-4)."""
        return bool(self.membership and self.membership.role in (Role.LEGAL, Role.ADMIN))


class Change(NamedTuple):
    """One box given or taken: `what` is the product's label; of a rule, the category's code; of everything, nothing."""

    what: str
    right: str
    kind: str = ""                              # whose words the right is called by
    future: bool = False


@dataclass(frozen=True)
class Changes:
    given: tuple[Change, ...] = ()
    taken: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.given or self.taken)

    @classmethod
    def between(cls, category: Category, labels: Mapping[str, str], before: "Ticked", after: "Ticked") -> "Changes":
        """What is given and taken from one to the other, where products are called so; of others nothing is said."""
        def told(some: Ticked, others: Ticked) -> tuple[Change, ...]:
            boxes, rules = some[0] - others[0], some[1] - others[1]
            return (*(Change(labels[product], right, category.kind) for product, right in sorted(boxes)
                      if product in labels),
                    *(Change(category.code, right, category.kind, future=True) for right in sorted(rules)))
        return cls(told(after, before), told(before, after))

    @property
    def facts(self) -> dict[str, list[list[Any]]]:
        """As books and letters keep them."""
        return {"given": [list(each) for each in self.given], "taken": [list(each) for each in self.taken]}


def of_member(public_id: str) -> Subject:
    member = Membership.present().where(Membership.public_id == public_id).first()
    if member is None:
        raise NotHere
    return Subject("membership", member.id, public_id, member.user.name, member)


def of_team(public_id: str) -> Subject:
    team = Team.get_or_none(Team.public_id == public_id)
    if team is None:
        raise NotHere
    return Subject("team", team.id, public_id, team.name)


def of_invitation(public_id: str) -> Subject:
    invitation = Invitation.get_or_none(Invitation.public_id == public_id, Invitation.state == Invitation.PENDING)
    if invitation is None:
        raise NotHere
    return Subject("invitation", invitation.id, public_id, invitation.name)


def meant(here: Ticked, shown: Ticked | None, ticked: Ticked) -> Ticked:
    """What shall be by somebody who was shown the one and ticked the other, where it is so by now.

    Only the difference counts, so that what others have changed meanwhile stays. Not shown: exactly what is ticked.
    """
    if shown is None:
        return ticked
    return (here[0] - (shown[0] - ticked[0]) | ticked[0] - shown[0],
            here[1] - (shown[1] - ticked[1]) | ticked[1] - shown[1])


def save(subject: Subject, category: str, boxes: Iterable[Box], future: Iterable[str] = (), *,
         shown: Ticked | None = None) -> Changes:
    """These boxes of one category are ticked; other categories are not touched (G2-R6).

    `shown`: what was ticked when somebody began; only what differs from it is given and taken.
    Refused for a right the category does not know. Conflict when a product has gone meanwhile.
    """
    with transaction():
        require(Right.EDIT_ACCESS)
        _one_at_a_time(subject)
        what = catalogue.category(category)
        known = set(evidence.rights_of(what.used, what.rights))
        products = {each.public_id: each for each in Product.present().where(Product.category == what)}
        wanted, rules = set(boxes), set(future)
        if not {right for _product, right in wanted} | rules <= known:
            raise Refused(_l("This product knows no such right."))
        if not {product for product, _right in wanted} <= set(products):
            raise Conflict(_l("A product has gone in the meantime. Look at what is there now."))
        here = {(each.product.public_id, each.right): each for each in
                Grant.select(Grant, Product).join(Product).where(subject.these, Product.category == what)}
        ruled = {each.right: each for each in Grant.select().where(subject.these, Grant.category == what)}
        before = set(here), set(ruled)
        wanted, rules = meant(before, shown, (wanted, rules))
        new = wanted - set(here)
        for product, right in new:
            _give(subject, right, product=products[product])
        for right in rules - set(ruled):
            _give(subject, right, category=what)
        if out := [here[box].id for box in set(here) - wanted] + [ruled[right].id for right in set(ruled) - rules]:
            Grant.delete().where(Grant.id.in_(out)).execute()
        seats.enough(products[product] for product, right in new if right == Grant.USE)
        labels = {public_id: product.label for public_id, product in products.items()}
        return _told(subject, Changes.between(what, labels, before, (wanted, rules)), what,
                     products=sorted({product for product, _right in wanted ^ set(here)} & set(products)))


def give(subject: Subject, product: Product, right: str, *, until: datetime | None = None) -> Changes:
    """One box, perhaps with an end. Given already: its end is the new one."""
    with transaction():
        require(Right.EDIT_ACCESS)
        _one_at_a_time(subject)
        product = lifecycle.find(product.public_id)
        if right not in evidence.thing(product).rights:
            raise Refused(_l("This product knows no such right."), "right")
        if until is not None and until <= now():
            raise Refused(_l("Choose a moment that is still to come."), "until")
        changed = Grant.update(until=until).where(subject.these, Grant.product == product.id,
                                                  Grant.right == right).execute()
        if not changed:
            _give(subject, right, product=product, until=until)
        if right == Grant.USE:
            seats.enough([product])
        return _told(subject, Changes((Change(product.label, right, product.category.kind),)),
                     products=[product.public_id])


def give_everything(subject: Subject) -> Changes:
    """Every right over whatever there is and will be, as one record that one click takes back."""
    with transaction():
        require(Right.EDIT_ACCESS)
        _one_at_a_time(subject)
        if Grant.select().where(subject.these, Grant.right == Grant.EVERYTHING).exists():
            return Changes()
        _give(subject, Grant.EVERYTHING)
        seats.enough(Product.present().where(Product.seats.is_null(False)))
        return _told(subject, Changes(given=(Change("", Grant.EVERYTHING),)))


def take_everything(subject: Subject) -> Changes:
    """That one record. What is granted one by one stays."""
    with transaction():
        require(Right.EDIT_ACCESS)
        if not Grant.delete().where(subject.these, Grant.right == Grant.EVERYTHING).execute():
            return Changes()
        return _told(subject, Changes(taken=(Change("", Grant.EVERYTHING),)))


def _give(subject: Subject, right: str, *, product: Product | None = None, category: Category | None = None,
          until: datetime | None = None) -> None:
    Grant.create(**{subject.whose: subject.id}, product=product, category=category, right=right, until=until,
                 by=current.actor().user_id)


def _one_at_a_time(subject: Subject) -> None:
    """Two people who save the same access at one instant: the second sees what the first has done."""
    db.exclusively(f"access of {subject.whose} {subject.id}")


def _told(subject: Subject, changes: Changes, category: Category | None = None,
          products: Sequence[str] = ()) -> Changes:
    """The book, and the person whose access it is. The book keeps what the category was called, and which products
    it is about."""
    if changes:
        audit.record("access.changed", subject.public_id, person=subject.name, whose=subject.whose,
                     categories={category.code: category.names} if category else {}, products=list(products),
                     **changes.facts)
        if subject.membership and not subject.membership.user.suspended:
            outbox.post_to(subject.membership.user, "access_changed",
                           organisation=Organisation.get_by_id(at_work().id).name, **changes.facts)
    return changes
