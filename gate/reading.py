"""What a request at a gate is judged by, in one constant statement: secret, ticket, session, and the evidence.

It is read without the tenant boundary, as a proxy's secret is how one finds out whose product it is about at all.
Nothing is kept: what has ended is over at once (FW-08).
"""
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import crypto
from accounts import sessions
from clock import now
from db import database, instant, placeholders, stored
from gate import addresses
from models import Grant
from organisations import policy
from organisations.policy import Proved
from products import evidence
from products.evidence import Evidence
from tenancy import across_organisations


@dataclass(frozen=True)
class Known:
    """A gate, its product, and its organisation, which `id` is the number of."""

    id: int
    name: str                   # the organisation's
    slug: str
    session_hours: int | None
    product_id: int
    product: str                # its public id
    label: str
    address: str
    app_passwords: bool


@dataclass(frozen=True)
class Person:
    """Who is told of to the application."""

    id: int
    public_id: str
    email: str
    name: str


@dataclass(frozen=True)
class Visit:
    """A request as it stands: at which gate, and who, in which session, if anybody."""

    gate: Known
    person: Person | None = None
    proved: Proved = Proved(())
    evidence: Evidence = Evidence()
    begun: datetime | None = None               # when the ticket was given

    @property
    def welcome(self) -> bool:
        return self.person is not None and self.evidence.decide(Grant.USE, self.proved, self.begun).allowed


START = "/gate/start"
_GATE = "o.id, o.name, o.slug, o.session_hours, p.id, p.public_id, p.label, p.address, k.app_passwords"
_STANDS = """
JOIN product AS p ON p.id = k.product_id
JOIN organisation AS o ON o.id = p.organisation_id"""

_VISIT = f"""
SELECT {evidence.COLUMNS}, {_GATE},
       u.id, u.public_id, u.email_typed, u.first_name, u.last_name, u.epoch,
       s.proofs, s.proved, s.created, s.expires, s.ended, s.ended_by, s.epoch, y.created
FROM gate_secret AS x
JOIN gate AS k ON k.id = x.gate_id
{_STANDS}
JOIN category AS c ON c.id = p.category_id
LEFT JOIN gate_ticket AS y ON y.product_id = p.id AND y.digest = ? AND y.browser = '' AND y.expires > ?
LEFT JOIN session AS s ON s.id = y.session_id
LEFT JOIN account AS u ON u.id = y.user_id
{evidence.REACHING}
WHERE x.digest = ? AND (x.expires IS NULL OR x.expires > ?)"""  # noqa: S608 - constant


def visit(secret: str, ticket: str = "") -> Visit | None:
    """What a proxy asks about, that proves itself with this secret; none: it is no proxy of ours (FW-02)."""
    at = stored(now())
    rows = _rows(_VISIT, crypto.digest(ticket), at, crypto.digest(secret), at)
    if not rows:
        return None
    about = rows[0][evidence.SAID:]
    gate = _known(about[:9])
    (number, public_id, email, first, last, epoch, proofs, proved, began, expires, ended, ended_by,
     session_epoch, begun) = about[9:]
    if number is None or epoch != session_epoch or not sessions.lives(expires, ended, ended_by):
        return Visit(gate)
    return Visit(gate, Person(number, public_id, email, f"{first} {last}".strip()),
                 policy.proved(proofs.split(), sessions.since(proved, began)), evidence.told_by(rows), instant(begun))


_FOUND = f"SELECT {_GATE} FROM gate AS k {_STANDS} WHERE p.public_id = ?"  # noqa: S608 - constant


def gate(product: str) -> Known | None:
    """That of a product, by its public id."""
    rows = _rows(_FOUND, product)
    return _known(rows[0]) if rows else None


def application_at(place: str) -> tuple[str, list[int]]:
    """What the application is called whose gate waits at an address of ours, and its organisation's number; nothing
    where none does."""
    address = urlsplit(place)
    said = parse_qs(address.query)
    product, wanted = (said.get(name, [""])[0] for name in ("gate", "rd"))
    found = gate(product.replace("\x00", "")) if address.path == START else None
    return (found.label, [found.id]) if found and addresses.own(found.address, wanted) else ("", [])


def _known(row: Any) -> Known:
    *rest, app_passwords = row
    return Known(*rest, bool(app_passwords))  # type: ignore[call-arg]


def _rows(sql: str, *values: Any) -> list[Any]:
    with across_organisations("a proxy's secret, or an address, says whose product it is about"):
        return database.execute_sql(placeholders(sql), values).fetchall()
