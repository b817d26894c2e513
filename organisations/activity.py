"""The organisation's book: who did what, for pages and files alike."""
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from peewee import JOIN, SQL

import audit
import spans
from db import transaction
from i18n import _l
from models import Client, Event, EventFacts, Membership, Product, User
from organisations.roles import Right, require
from rules import fold
from settings import setting
from tenancy import across_organisations

# What one can ask for, its name, and how the kinds of such lines begin.
GROUPS = {"member": (_l("Members"), ("member.", "members.")),
          "invitation": (_l("Invitations"), ("invitation.",)),
          "team": (_l("Teams"), ("team.",)),
          "product": (_l("Products"), ("product.", "access.", "client.", "gate.")),
          "organisation": (_l("Organisation"), ("organisation.", "activity."))}
SECURITY = ("member.", "members.", "access.", "client.", "gate.", "activity.", "organisation.two_factor",
            "organisation.sessions", "organisation.provider")
PIECE = 1_000
Kinds = Callable[[str], Collection[str]]


@dataclass(frozen=True)
class Filter:
    """What is looked for. Nothing given asks nothing."""

    q: str = ""                                 # words
    product: str = ""                           # the public id of one, given up ones too
    who: str = ""                               # the public id of a membership, ended ones too
    what: str = ""                              # a group
    since: date | None = None
    until: date | None = None                   # this day included

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Filter":
        """From a query string; what is unknown asks nothing."""
        who, what, product = given.get("who", ""), given.get("what", ""), given.get("product", "")
        return cls(spans.words(given.get("q", "")), product if product.isalnum() else "",
                   who if who.isalnum() else "", what if what in GROUPS else "", spans.day(given.get("from", "")),
                   spans.day(given.get("to", "")))

    @property
    def asked(self) -> dict[str, str]:
        """The parameters that say something."""
        told = {"q": self.q, "product": self.product, "who": self.who, "what": self.what,
                "from": self.since.isoformat() if self.since else "",
                "to": self.until.isoformat() if self.until else ""}
        return {name: value for name, value in told.items() if value}


def lines(asked: Filter, kinds: Kinds) -> Any:
    """The lines that are asked for, their facts as `told` where they were not erased.

    `kinds`: see `audit.with_words`.
    """
    found = (Event.select(Event, EventFacts.facts)
             .join(EventFacts, JOIN.LEFT_OUTER, on=(EventFacts.event == Event.id), attr="told"))
    if asked.who:
        found = found.where(Event.actor == Membership.select(Membership.user).where(Membership.public_id == asked.who))
    if asked.what:
        found = found.where(audit.begins(Event.kind, GROUPS[asked.what][1]))
    if asked.product:
        found = found.where(_about(asked.product))
    found = audit.with_words(found, EventFacts, Event.kind, asked.q, kinds)
    return spans.within(found, Event.at, asked.since, asked.until)


def _about(product: str) -> Any:
    """It, the applications by which it signs people in, and changes of access to it."""
    applications = Client.select(Client.client_id).join(Product).where(Product.public_id == product)
    return ((Event.subject == product) | Event.subject.in_(applications)
            | ((Event.kind == "access.changed") & EventFacts.words.contains(product)))




def forget_old() -> None:
    """What is old loses its details in all books, what is about security later than the rest."""
    security = audit.begins(Event.kind, SECURITY)
    with across_organisations("the details of old lines are erased"):
        audit.erase(Event, EventFacts, setting.activity_security_months, security)
        audit.erase(Event, EventFacts, setting.activity_months, ~security)


def facts(line: Event) -> dict[str, Any] | None:
    """What is known of it, or nothing any more."""
    return getattr(getattr(line, "told", None), "facts", None)


class Person(NamedTuple):
    """Who did a line, people who are gone as well: as the member they were last."""

    public_id: str
    user: dict[str, str]

    @property
    def name(self) -> str:
        return f"{self.user['first_name']} {self.user['last_name']}".strip()


class Names(NamedTuple):
    people: dict[int, Person]                   # by the number of their account
    products: dict[str, str]                    # what the book can be about, given up ones too: by their public id


def names(found: Iterable[Event], who: str) -> Names:
    """What a page of the book and its filters call people and products, in one question. `who`: whom a filter names."""
    actors = {line.actor_id for line in found if line.actor_id}
    people = (Membership.select(Membership.id, Membership.user, Membership.public_id, User.public_id.alias("account"),
                                User.first_name, User.last_name)
              .join(User).where(Membership.user.in_(actors) | (Membership.public_id == who)))
    products = Product.select(Product.id, SQL("NULL"), Product.public_id, SQL("NULL"), Product.label, SQL("''"))
    told = Names({}, {})
    for _number, account, public_id, user, name, last_name in sorted(people.union_all(products).tuples(), key=_order):
        if account is None:
            told.products[public_id] = name
        else:
            told.people[account] = Person(public_id, {"public_id": user, "first_name": name, "last_name": last_name})
    return told


def _order(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Of somebody's memberships the latest counts; products stand by their names."""
    number, account, _public_id, _user, name, _last_name = row
    return (fold(name), number) if account is None else ("", number)


def export(asked: Filter, kinds: Kinds) -> Iterator[Event]:
    """The book leaves the house: written down before the first line does. The latest first."""
    with transaction():
        require(Right.READ_ACTIVITY)
        audit.record("activity.exported", **asked.asked)
    found = lines(asked, kinds)
    return _in_pieces(found)


def _in_pieces(found: Any) -> Iterator[Event]:
    edge = None
    while True:
        more = found.where(Event.number < edge) if edge is not None else found
        piece = list(more.order_by(Event.number.desc()).limit(PIECE))
        yield from piece
        if len(piece) < PIECE:
            return
        edge = piece[-1].number
