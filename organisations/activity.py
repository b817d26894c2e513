"""The organisation's book: who did what, for pages and files alike."""
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import JOIN

import audit
import spans
from db import transaction
from i18n import _l
from models import Event, EventFacts, Membership, User
from organisations.roles import Right, require

# What one can ask for, its name, and how the kinds of such lines begin.
GROUPS = {"member": (_l("Members"), ("member.", "members.")),
          "invitation": (_l("Invitations"), ("invitation.",)),
          "team": (_l("Teams"), ("team.",)),
          "product": (_l("Products"), ("product.", "access.", "client.", "gate.")),
          "organisation": (_l("Organisation"), ("organisation.", "activity."))}
PIECE = 1_000


@dataclass(frozen=True)
class Filter:
    """What is looked for. Nothing given asks nothing."""

    who: str = ""                               # the public id of a membership, ended ones too
    what: str = ""                              # a group
    since: date | None = None
    until: date | None = None                   # this day included

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Filter":
        """From a query string; what is unknown asks nothing."""
        who, what = given.get("who", ""), given.get("what", "")
        return cls(who if who.isalnum() else "", what if what in GROUPS else "", spans.day(given.get("from", "")),
                   spans.day(given.get("to", "")))

    @property
    def asked(self) -> dict[str, str]:
        """The parameters that say something."""
        told = {"who": self.who, "what": self.what, "from": self.since.isoformat() if self.since else "",
                "to": self.until.isoformat() if self.until else ""}
        return {name: value for name, value in told.items() if value}


def lines(asked: Filter, who: Membership | None) -> Any:
    """The lines that are asked for, their facts as `told` where they were not erased. `who`: whom the filter names."""
    found = (Event.select(Event, EventFacts.facts)
             .join(EventFacts, JOIN.LEFT_OUTER, on=(EventFacts.event == Event.id), attr="told"))
    if asked.who:
        found = found.where(Event.actor == (who.user_id if who else 0))
    if asked.what:
        _label, (first, *others) = GROUPS[asked.what]
        kinds = Event.kind.startswith(first)
        for other in others:
            kinds |= Event.kind.startswith(other)
        found = found.where(kinds)
    return spans.within(found, Event.at, asked.since, asked.until)


def facts(line: Event) -> dict[str, Any] | None:
    """What is known of it, or nothing any more."""
    return getattr(getattr(line, "told", None), "facts", None)


def person(public_id: str) -> Membership | None:
    """Whom a filter names; people who are gone as well."""
    return (Membership.select(Membership, User).join(User)  # type: ignore[no-any-return]
            .where(Membership.public_id == public_id).first())


def people(found: Iterable[Event]) -> dict[int, Membership]:
    """{number of an account: who did these lines}, the latest membership of each."""
    actors = {line.actor_id for line in found if line.actor_id}
    members = Membership.select(Membership, User).join(User).where(Membership.user.in_(actors)).order_by(Membership.id)
    return {member.user_id: member for member in members} if actors else {}


def export(asked: Filter) -> Iterator[Event]:
    """The book leaves the house: written down before the first line does. The latest first."""
    with transaction():
        require(Right.READ_ACTIVITY)
        audit.record("activity.exported", **asked.asked)
    found = lines(asked, person(asked.who) if asked.who else None)
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
