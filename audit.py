"""What happened, who did it, and from where: three books that are only ever added to.

Each line's digest covers the line before it, so that a changed or missing line
shows (`flask verify`). Personal details stand beside the line under a salt of
their own: erasing them leaves the chain whole (decision 6).
"""
import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import reduce
from typing import Any

import peewee
from peewee import JOIN

import current
import db
import outbox
import rules
from clock import DAY, now
from db import transaction
from models import (
    Event,
    EventFacts,
    InstallationEvent,
    InstallationEventFacts,
    PersonalEvent,
    PersonalEventFacts,
)
from questions import question, slot
from rules import Busy
from settings import setting
from tenancy import at_work

log = logging.getLogger(__name__)

# What no search finds a line by: of oneself, and of others, whose browser and address are nobody's business.
HIDDEN_FROM_ONESELF = frozenset({"request", "proofs"})
PIECE = 1_000
WORDS = 6                                       # of a search, at most
HIDDEN = HIDDEN_FROM_ONESELF | {"from", "agent"}


def record(kind: str, subject: str = "", **facts: Any) -> Event:
    """A line in the book of the organisation at work. Needs a transaction: no memory, no deed.

    It wakes the worker, which looks at once what the deed closed elsewhere.
    """
    event = _write(Event, EventFacts, f"organisation {at_work().id}",
                   {"organisation": at_work().id}, kind, subject, facts, HIDDEN)
    outbox.wake_worker()
    return event  # type: ignore[no-any-return]


def record_for(user_id: int | None, kind: str, subject: str = "", **facts: Any) -> PersonalEvent:
    """A line in a person's own book."""
    return _write(PersonalEvent, PersonalEventFacts, f"person {user_id}",
                  {"user": user_id}, kind, subject, facts, HIDDEN_FROM_ONESELF)  # type: ignore[no-any-return]


def record_here(kind: str, subject: str = "", **facts: Any) -> InstallationEvent:
    """A line in the installation's book."""
    return _write(InstallationEvent, InstallationEventFacts, "installation",
                  {}, kind, subject, facts)  # type: ignore[no-any-return]


def _write(book: Any, details: Any, name: str, owner: dict[str, Any],
           kind: str, subject: str, facts: dict[str, Any], hidden: Collection[str] | None = None) -> Any:
    """`hidden`: what it is not searched by; without it, it is not searched."""
    if not db.database.in_transaction():
        raise RuntimeError(f"{kind}: an event is written in the transaction of its deed")
    db.exclusively(f"book of {name}")
    who = current.actor()
    salt = secrets.token_hex(16)
    full = {"by": who.name, "from": who.address, "agent": who.agent, "request": who.request_id,
            "proofs": " ".join(who.proofs), **facts}
    number, digest = next(iter(_last_line(book, *owner)(**owner)), (0, ""))
    line = {"number": number + 1, "at": now(), "kind": kind, "actor": who.user_id,
            "actor_kind": who.kind, "subject": subject, "commitment": commitment(salt, full)}
    try:
        event = book.create(**owner, **line, digest=chained(digest, line))
        words = {} if hidden is None else {"words": sought(full, hidden)}
        details.create(event=event, salt=salt, facts=full, **words)
    except peewee.OperationalError:
        raise
    except peewee.DatabaseError as trouble:     # the deed is undone with it, and may be tried again (AU-06)
        log.error("%s could not be written down: %s", kind, trouble)
        raise Busy from trouble
    return event


@question
def _last_line(book: Any, *owner: str) -> Any:
    """Its number and its digest."""
    lines = book.select(book.number, book.digest).order_by(book.number.desc()).limit(1)
    return lines.where(*(getattr(book, name) == slot(name) for name in owner)) if owner else lines


def sought(facts: Mapping[str, Any], hidden: Collection[str]) -> str:
    """What a line is searched by: every text of its facts, but of those that are hidden."""
    return rules.fold(" ".join(_texts([value for name, value in facts.items() if name not in hidden])))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def with_words(query: Any, details: Any, kind: Any, text: str, kinds: Callable[[str], Collection[str]]) -> Any:
    """The lines of `query` that have each of these words, in their details or in what is said of their kind.

    `kinds`: of which kinds a sentence has a word. What was erased is found by its sentence only.
    """
    for word in rules.fold(text).split()[:WORDS]:
        query = query.where(details.words.contains(word) | kind.in_(sorted(kinds(word))))
    return query


def begins(kind: Any, beginnings: Collection[str]) -> Any:
    """Of kinds that begin with one of these."""
    return reduce(lambda a, b: a | b, [kind.startswith(each) for each in beginnings])


def erase(book: Any, details: Any, months: int, *which: Any) -> None:
    """The details of lines that are older than so many months, a thousand at a time. The lines stay: the chain rests
    on them, and on the commitments to what they were."""
    old = (book.select(book.id).join(details, on=(details.event == book.id))
           .where(book.at < now() - months * 365 / 12 * DAY, *which).limit(PIECE))
    erased = PIECE
    while erased == PIECE:
        with transaction():
            erased = details.delete().where(details.event.in_(old)).execute()


def forget_old() -> None:
    """In the installation's book; it is about security throughout."""
    erase(InstallationEvent, InstallationEventFacts, setting.activity_security_months)


def changed(row: Any, new: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Of what a row is to be told: each field that was otherwise, what it was and what it will be, as facts keep it."""
    told = [(name, _in_facts(getattr(row, name)), _in_facts(value)) for name, value in new.items()]
    return [(name, before, after) for name, before, after in told if before != after]


def _in_facts(value: Any) -> str:
    return "" if value is None else " ".join(value) if isinstance(value, list | tuple) else str(value)


def facts_as_stored(value: Any) -> dict[str, Any] | None:
    """The facts of a line, for those who read plain tuples: text on SQLite."""
    return json.loads(value) if isinstance(value, str) else value


def commitment(salt: str, facts: dict[str, Any]) -> str:
    return hashlib.sha256((salt + json.dumps(facts, sort_keys=True, ensure_ascii=False)).encode()).hexdigest()


def chained(previous: str, line: dict[str, Any]) -> str:
    """The digest of a line after the one before it. `actor` is a number, `at` an instant."""
    told = [previous, line["number"], int(line["at"].timestamp()), line["kind"], line["actor"],
            line["actor_kind"], line["subject"], line["commitment"]]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def broken_lines(book: Any, details: Any, owner: Any = None) -> Iterator[tuple[Any, int, str]]:
    """What is wrong with the books of a table: (owner, number, reason). Erased details are no fault.

    `owner`: the column that says whose book a line is in; none where there is one book only.
    """
    whose, previous, expected = None, "", 1
    lines = book.select(book, details.salt, details.facts).join(details, JOIN.LEFT_OUTER, on=(details.event == book.id))
    for line in lines.order_by(*([owner] if owner else []), book.number).objects().iterator():
        if owner and whose != (whose := getattr(line, owner.object_id_name)):
            previous, expected = "", 1
        told = {"number": line.number, "at": line.at, "kind": line.kind, "actor": line.actor_id,
                "actor_kind": line.actor_kind, "subject": line.subject, "commitment": line.commitment}
        if line.number != expected:
            yield whose, line.number, f"number {expected} is missing"
        if line.digest != chained(previous, told):
            yield whose, line.number, "does not follow from the line before"
        if line.salt is not None and commitment(line.salt, line.facts) != line.commitment:
            yield whose, line.number, "its details were changed"
        previous, expected = line.digest, line.number + 1
