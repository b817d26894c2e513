"""The people of an organisation as a list: searched, filtered, sorted; for pages, files and bulk actions alike."""
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, NamedTuple

from peewee import JOIN, SQL, Expression, NodeList, Select, fn

import audit
from clock import now
from db import instant, on_sqlite, stored, transaction
from i18n import _l
from models import Membership, Recovery, Role, Team, TeamMember, User
from organisations.roles import Right, require
from questions import beyond, question, slot
from rules import fold

LOCKED, LOST = "locked", "lost"                 # who waits for help: to be unlocked, to be vouched for
STATES = {Membership.ACTIVE: _l("Active"), Membership.BLOCKED: _l("Blocked")}
SOUGHT = {**STATES, LOCKED: _l("Account locked"), LOST: _l("Second factor lost")}
SORTS = {"name": Membership.sort_name, "seen": Membership.last_seen, "joined": Membership.joined}
COUNTED = 1_000                                 # a filtered list is counted so far; beyond, it is «more than»
WORDS = 4                                       # of what is searched for
BETWEEN = "\x1f"                                # names of teams: no name has it


@dataclass(frozen=True)
class Filter:
    """Who is looked for. Empty text asks nothing."""

    q: str = ""
    role: str = ""
    two_factor: str = ""                        # on, off
    status: str = ""                            # active, blocked; or whose account is locked, whose factor is lost
    team: str = ""                              # the public id of one

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Filter":
        """From a query string; what is unknown asks nothing."""
        known: dict[str, set[Any]] = {"role": set(Role), "two_factor": {"on", "off"},
                                      "status": set(SOUGHT)}
        asked = {name: value for name in known if (value := given.get(name, "")) in known[name]}
        if (team := given.get("team", "")).isalnum():
            asked["team"] = team[:40]
        return cls(" ".join(given.get("q", "").replace("\x00", "").split())[:100], **asked)

    @cached_property
    def asked(self) -> dict[str, str]:
        """The parameters that say something."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}

    @property
    def shape(self) -> tuple[Any, ...]:
        """What the text of the query depends on."""
        return len(self._words), bool(self.role), self.two_factor, self.status, bool(self.team)

    @property
    def values(self) -> dict[str, str]:
        return {"role": self.role, "team": self.team, **_at()} | {f"word{number}": f"%{_escaped(word)}%"
                                      for number, word in enumerate(self._words)}

    @property
    def _words(self) -> list[str]:
        return fold(self.q).split()[:WORDS]


class Person(NamedTuple):
    """A row of the list. Instants as the database stores them."""

    id: int
    public_id: str
    user_id: int
    person_id: str
    first_name: str
    last_name: str
    email: str
    role: str
    accounting: bool
    status: str
    two_factor: bool
    sort_name: str
    joined: Any
    last_seen: Any
    teams: str | None                           # their names
    locked: bool                                # the account, after wrong passwords
    lost: bool                                  # asks to get in without the second factor

    @property
    def in_teams(self) -> list[str]:
        return sorted(self.teams.split(BETWEEN)) if self.teams else []

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def accounts(self) -> bool:
        return bool(Membership(role=self.role, accounting=self.accounting).accounts)

    @property
    def seen(self) -> Any:
        return instant(self.last_seen)

    @property
    def since(self) -> Any:
        return instant(self.joined)

    @property
    def initials(self) -> str:
        return (self.first_name[:1] + self.last_name[:1]).upper() or self.email[:1].upper()


def some(who: Filter, sort: str, most: int, *, backwards: bool = False, edge: list[Any] | None = None) -> list[Person]:
    """The first so many in this order, or the first beyond the edge: [sort key, id] as stored."""
    ask = _people(who.shape, sort, backwards, edge is not None, most)
    return [Person._make(row) for row in ask(**who.values, **_edge(edge))]


def named(public_ids: list[str]) -> list[Person]:
    """Those of them who are here, by name."""
    at = _at()
    query = _columns(at["now"], at["known"]).where(Membership.ended.is_null(), Membership.public_id.in_(public_ids))
    return [Person._make(row) for row in query.order_by(Membership.sort_name, Membership.id).tuples()]


def everybody(who: Filter, sort: str = "name") -> Iterator[Person]:
    """All of them, read in pieces."""
    edge = None
    while True:
        piece = some(who, sort, 1_000, edge=edge)
        yield from piece
        if len(piece) < 1_000:
            return
        edge = [getattr(piece[-1], SORTS[sort.lstrip("-")].name), piece[-1].id]


def how_many(who: Filter) -> int:
    """How many there are, counted as far as COUNTED; one more than that: there are more."""
    return int(_count(who.shape)(**who.values)[0][0])


def teams(who: Filter, *, counted: bool) -> tuple[list[tuple[str, str]], int]:
    """The teams there are, (public id, name); and, where it is asked for, `how_many`: both in one statement."""
    (number, *first), *more = _teams_and_count(who.shape if counted else None)(**who.values)
    return sorted(((id, name) for id, name in (first, *(rest for _number, *rest in more)) if id),
                  key=lambda each: fold(each[1])), int(number)


def export(who: Filter) -> Iterator[Person]:
    """The list leaves the house: written down before the first row does."""
    with transaction():
        require(Right.SEE_MEMBERS)
        audit.record("members.exported", **who.asked)
    return everybody(who)


@question
def _people(asked: tuple[Any, ...], sort: str, backwards: bool, on: bool, most: int) -> Any:
    key, up = SORTS[sort.lstrip("-")], sort.startswith("-") == backwards
    query = _those(_columns(slot("now"), slot("known")), asked)
    by = [(key, up), (Membership.id, up)]
    if on:
        query = query.where(beyond(by, [slot("edge0"), slot("edge1")]))
    return query.order_by(*(field.asc() if up else field.desc() for field, up in by)).limit(most)


@question
def _count(asked: tuple[Any, ...]) -> Any:
    return Select([_those(Membership.select(SQL("1")), asked).limit(COUNTED + 1)], [fn.COUNT(SQL("1"))])


@question
def _teams_and_count(asked: tuple[Any, ...] | None) -> Any:
    those = _those(Membership.select(SQL("1")), asked).limit(COUNTED + 1) if asked else Membership.select().limit(0)
    number = Select([those], [fn.COUNT(SQL("1")).alias("number")]).alias("counted")
    return (Select([number], [number.c.number, Team.public_id, Team.name])
            .join(Team, JOIN.LEFT_OUTER, on=SQL("1 = 1")))


def waiting(at: Any, known: Any) -> tuple[Any, ...]:
    """How many there are of either, to be asked beside something else: few, found by what they wait for."""
    of = Membership.select(fn.COUNT(Membership.id))
    return tuple(of.where(Membership.ended.is_null(), which) for which in (_locked(), _lost(at, known)))


def _at() -> dict[str, Any]:
    """Two moments, as stored: now, and since when one is known who belongs."""
    return {"now": stored(now()), "known": stored(now() - Membership.KNOWN)}


def _locked() -> Any:
    return Membership.user.in_(User.select(User.id).where(User.locked.is_null(False)))


def _lost(at: Any, known: Any) -> Any:
    """Those for whom a legal representative could vouch, or whom one could refuse (see `vouching`)."""
    return Membership.known_at(known) & Membership.user.in_(_requests(at))


def _requests(at: Any) -> Any:
    return Recovery.select(Recovery.user).where(Recovery.closed.is_null(), Recovery.expires > at)


def _columns(at: Any, known: Any) -> Any:
    lost = Membership.known_at(known) & fn.EXISTS(_requests(at).where(Recovery.user == Membership.user))
    return Membership.select(
        Membership.id, Membership.public_id, Membership.user, User.public_id, User.first_name, User.last_name,
        User.email_typed, Membership.role, Membership.accounting, Membership.status, Membership.two_factor,
        Membership.sort_name, Membership.joined, Membership.last_seen, _teams(),
        User.locked.is_null(False), lost).join(User)


def _teams() -> Any:
    """The names of the teams of a row, found by its index; nothing is sorted."""
    names = (fn.GROUP_CONCAT if on_sqlite() else fn.STRING_AGG)(Team.name, BETWEEN)
    return (Team.select(names).join(TeamMember, on=TeamMember.team == Team.id)
            .where(TeamMember.membership == Membership.id))


def _those(query: Any, asked: tuple[Any, ...]) -> Any:
    words, role, two_factor, status, team = asked
    query = query.where(Membership.ended.is_null())
    for number in range(words):
        # In small letters, as SQLite has no other; both sides are folded.
        like = NodeList((slot(f"word{number}"), SQL(r"ESCAPE '\'")))
        query = query.where(Expression(Membership.search, "like", like))
    if role:
        query = query.where(Membership.role == slot("role"))
    # These two as their indexes say it.
    if two_factor:
        query = query.where(Membership.two_factor if two_factor == "on" else ~Membership.two_factor)
    if status in (LOCKED, LOST):
        query = query.where(_locked() if status == LOCKED else _lost(slot("now"), slot("known")))
    elif status:
        query = query.where(Expression(Membership.status, "=", SQL(f"'{status}'")))
    if team:
        inside = TeamMember.select(TeamMember.membership).join(Team).where(Team.public_id == slot("team"))
        query = query.where(Membership.id.in_(inside))
    return query


def _edge(edge: list[Any] | None) -> dict[str, Any]:
    return {f"edge{number}": value for number, value in enumerate(edge or ())}


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
