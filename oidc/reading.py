"""What requests of applications are judged by, each read by one constant statement.

They are read without the tenant boundary, as a client, a code or a token is how one finds out whose organisation
it is about at all; each statement is bound to one of them. Nothing is kept: what has ended is over at once (RI-10).
"""
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from accounts import sessions
from clock import now
from db import database, instant, placeholders, stored
from models import Grant, Product
from organisations import policy
from organisations.policy import Proved
from products import evidence
from products.access import Why
from products.evidence import Evidence, listed
from tenancy import across_organisations

PIECE = 500                                     # authorizations looked at, and ended, in one go


@dataclass(frozen=True)
class Place:
    """A product people come in for by a client, and its organisation, which `id` is the number of."""

    product_id: int
    product: str                # its public id
    label: str
    id: int
    organisation: str           # its public id
    name: str
    session_hours: int | None
    slug: str


@dataclass(frozen=True)
class Watch:
    """A test of the connection that runs just now, and of which organisation `id` it is (`watching`)."""

    number: int
    user_id: int                # whose steps count
    id: int


@dataclass(frozen=True)
class Known:
    """A client as it is at this moment. `places` are those that are there."""

    number: int
    client_id: str
    home: int                   # the number of its own product
    owner: int                  # the number of the organisation that looks after it
    public: bool
    pkce: bool
    algorithm: str
    scopes: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    logout_uris: tuple[str, ...]
    trusted: bool
    service: bool
    disabled: bool
    places: tuple[Place, ...]
    watch: Watch | None = None

    @property
    def label(self) -> str:
        """What people know it by: its own product's name."""
        return next((each.label for each in self.places if each.product_id == self.home),
                    self.places[0].label if self.places else self.client_id)


_WATCHED = "w.id, w.user_id, w.organisation_id"
_WATCHING = """
LEFT JOIN connection_test AS w ON w.organisation_id = c.organisation_id AND w.product_id = c.product_id
     AND w.until > ? AND w.user_id IS NOT NULL"""

_CLIENT = f"""
SELECT c.id, c.client_id, c.product_id, c.organisation_id, c.public, c.pkce, c.algorithm, c.scopes, c.redirect_uris,
       c.logout_uris, c.trusted, c.service, c.disabled, {_WATCHED},
       p.id, p.public_id, p.label, o.id, o.public_id, o.name, o.session_hours, o.slug
FROM client AS c
{_WATCHING}
LEFT JOIN client_product AS x ON x.client_id = c.id
LEFT JOIN product AS p ON p.id = x.product_id AND p.status = 'active'
LEFT JOIN organisation AS o ON o.id = p.organisation_id AND o.status = 'active'
WHERE c.client_id = ?
ORDER BY o.name, p.label, p.id"""  # noqa: S608 - constant


def client(client_id: str) -> Known | None:
    rows = _rows(_CLIENT, stored(now()), client_id)
    if not rows:
        return None
    (number, name, home, owner, public, pkce, algorithm, scopes, redirects, logouts, trusted, service, disabled,
     *rest) = rows[0]
    places = tuple(Place(*row[16:]) for row in rows if row[19] is not None)
    return Known(number, name, home, owner, bool(public), bool(pkce), algorithm, tuple(listed(scopes)),
                 tuple(listed(redirects)), tuple(listed(logouts)), bool(trusted), bool(service),
                 disabled is not None, places, _watch(*rest[:3]))


def _watch(number: int | None, user_id: int, organisation: int) -> Watch | None:
    return Watch(number, user_id, organisation) if number else None


@dataclass(frozen=True)
class Held:
    """An authorization as it is at this moment, and, where it was found by one, the token."""

    number: int
    id: int                     # its organisation's number
    client_number: int
    user_id: int | None
    scopes: tuple[str, ...]     # what was let, and the client may still ask for
    offline: bool               # does it stand without its session?
    redirect_uri: str
    challenge: str
    nonce: str
    expires: datetime
    ended: bool
    code_expires: datetime | None
    code_used: bool
    client_id: str
    algorithm: str
    disabled: bool
    label: str
    product: str
    organisation: str
    organisation_name: str
    there: bool                 # are product and organisation?
    subject: str
    email: str
    first_name: str
    last_name: str
    language: str
    time_zone: str
    session: str                # the public id of the session it was given in, while that lives
    proofs: tuple[str, ...]
    proved: datetime | None
    token: int = 0
    kind: str = ""
    narrowed: tuple[str, ...] = ()
    created: datetime | None = None
    token_expires: datetime | None = None
    used: bool = False
    watch: Watch | None = None
    begun: datetime | None = None       # when the authorization was given

    @property
    def evidence(self) -> Proved:
        """What is proved, as every door asks for it: by the session, or, without one, when it was given."""
        return policy.proved(self.proofs, self.proved)


_HELD = """
SELECT a.id, a.organisation_id, a.client_id, a.user_id, a.scopes, c.scopes, a.offline, a.redirect_uri, a.challenge,
       a.nonce, a.expires, a.ended, a.code_expires, a.code_used, c.client_id, c.algorithm, c.disabled, p.label,
       p.public_id, o.public_id, o.name, p.status, o.status, u.public_id, u.email_typed, u.first_name, u.last_name,
       u.language, u.time_zone, a.proofs, a.proved,
       a.epoch, s.public_id, s.proofs, s.proved, s.created, s.expires, s.ended, s.ended_by, s.epoch, u.epoch,
       {more}, {watched}, a.created
FROM {found}
JOIN client AS c ON c.id = a.client_id
{watching}
JOIN product AS p ON p.id = a.product_id
JOIN organisation AS o ON o.id = a.organisation_id
LEFT JOIN account AS u ON u.id = a.user_id
LEFT JOIN session AS s ON s.id = a.session_id
WHERE {by} = ?"""
_WITH = {"watched": _WATCHED, "watching": _WATCHING}
_NONE = {"more": "0, '', NULL, NULL, NULL, NULL", "found": "app_authorization AS a", **_WITH}
_BY_CODE = _HELD.format(**_NONE, by="a.code_hash")
_BY_NUMBER = _HELD.format(**_NONE, by="a.id")
_BY_TOKEN = _HELD.format(more="t.id, t.kind, t.scopes, t.created, t.expires, t.used", by="t.digest",
                         **_WITH, found="token AS t JOIN app_authorization AS a ON a.id = t.authorization_id")


def by_code(digest: str) -> Held | None:
    return _held(_BY_CODE, digest)


def by_token(digest: str) -> Held | None:
    return _held(_BY_TOKEN, digest)


def by_number(number: int) -> Held | None:
    return _held(_BY_NUMBER, number)


def _held(sql: str, one: Any) -> Held | None:
    rows = _rows(sql, stored(now()), one)
    if not rows:
        return None
    (number, organisation, client_number, user, scopes, allowed, offline, redirect_uri, challenge, nonce, expires,
     ended, code_expires, code_used, client_id, algorithm, disabled, label, product, public_id, name, status, standing,
     subject, email, first, last, language, zone, proofs, proved,
     given_epoch, session, session_proofs, session_proved, session_began,
     session_ends, session_ended, session_ended_by, session_epoch, epoch, token, kind, narrowed, created,
     token_expires, used, *watch, begun) = rows[0]
    if session and not (epoch == session_epoch and sessions.lives(session_ends, session_ended, session_ended_by)):
        session = ""
    alone = bool(offline) and given_epoch == epoch and session_ended_by != sessions.BY_OWNER
    if session:
        proofs, proved = session_proofs, sessions.since(session_proved, session_began)
    may = set(listed(allowed))
    return Held(
        number, organisation, client_number, user, tuple(each for each in listed(scopes) if each in may),
        alone, redirect_uri, challenge, nonce, instant(expires), ended is not None,  # type: ignore[arg-type]
        instant(code_expires), code_used is not None, client_id, algorithm, disabled is not None, label, product,
        public_id, name, status == Product.ACTIVE and standing == "active", subject or "", email or "", first or "",
        last or "", language or "", zone or "", session or "", tuple(proofs.split()), instant(proved), token, kind,
        tuple(listed(narrowed)) if narrowed else (), instant(created), instant(token_expires), used is not None,
        _watch(*watch), instant(begun))


def standing(held: Held) -> Evidence | None:
    """On what it stands at this moment, as the one decision says; none: it opens nothing (OP-09)."""
    if held.ended or held.disabled or held.expires <= now() or not held.there:
        return None
    if held.user_id is None:
        return Evidence()
    if not held.session and not held.offline:
        return None
    found = evidence.at_a_door(held.user_id, held.product)
    return found if found.decide(Grant.USE, held.evidence, held.begun).allowed else None


# What applications that want to be told hold in one organisation: a piece of it, with the evidence of each.
_TOLD = f"""
SELECT {evidence.COLUMNS}, a.id, a.created, a.disabled
FROM (SELECT x.id, x.organisation_id, x.product_id, x.user_id, x.created, k.disabled
      FROM app_authorization AS x JOIN client AS k ON k.id = x.client_id
      WHERE x.organisation_id = ? AND x.ended IS NULL AND x.expires > ? AND k.backchannel_uri <> '' AND x.id > ?
      ORDER BY x.id LIMIT ?) AS a
JOIN product AS p ON p.id = a.product_id
JOIN organisation AS o ON o.id = a.organisation_id
JOIN category AS c ON c.id = p.category_id
JOIN account AS u ON u.id = a.user_id
{evidence.REACHING}
ORDER BY a.id"""  # noqa: S608 - constant


def lost(organisation: int) -> Iterator[list[int]]:
    """Authorizations that applications are to hear the end of, piece by piece: the way in is closed, and not only for
    want of a step, or while the service is in maintenance."""
    last, at = 0, stored(now())
    while rows := _rows(_TOLD, organisation, at, last, PIECE):
        yield [number for number, those in groupby(rows, itemgetter(evidence.SAID)) if _closed(list(those))]
        last = rows[-1][evidence.SAID]


def _closed(rows: list[Any]) -> bool:
    _number, begun, disabled = rows[0][evidence.SAID:]
    decision = evidence.told_by(rows).decide(Grant.USE, Proved(()), instant(begun))
    return disabled is not None or bool(set(decision.refusals) - {Why.IN_MAINTENANCE})


_BOOKS = """
SELECT x.organisation_id, (SELECT MAX(e.number) FROM event AS e WHERE e.organisation_id = x.organisation_id)
FROM client_product AS x JOIN client AS k ON k.id = x.client_id
WHERE k.backchannel_uri <> '' GROUP BY x.organisation_id"""


def books() -> dict[int, int]:
    """How far the books are written of organisations whose applications want to be told, by their numbers."""
    return dict(_rows(_BOOKS))


_PROVES = """
SELECT 1 FROM client_secret WHERE client_id = ? AND digest = ? AND (expires IS NULL OR expires > ?)"""


def has_secret(number: int, digest: str, at: Any) -> bool:
    return bool(_rows(_PROVES, number, digest, at))


_CONSENT = """
SELECT id, scopes, last_used FROM consent
WHERE user_id = ? AND client_id = ? AND product_id = ? AND withdrawn IS NULL"""


@dataclass(frozen=True)
class Let:
    """A consent."""

    number: int
    scopes: tuple[str, ...]
    last_used: datetime | None


def consent(user_id: int, client_number: int, product_id: int) -> Let | None:
    """What somebody lets a client know as a member of one organisation."""
    rows = _rows(_CONSENT, user_id, client_number, product_id)
    return Let(rows[0][0], tuple(listed(rows[0][1])), instant(rows[0][2])) if rows else None


_TEAMS = """
SELECT t.name FROM team_member AS j
JOIN team AS t ON t.id = j.team_id
JOIN membership AS m ON m.id = j.membership_id
WHERE m.organisation_id = ? AND m.user_id = ? AND m.ended IS NULL ORDER BY t.key"""


def teams(organisation: int, user_id: int | None) -> list[str]:
    return [name for (name,) in _rows(_TEAMS, organisation, user_id)]


_SIGNS = """
SELECT kid, secret FROM signing_key
WHERE algorithm = ? AND signs_from <= ? AND (gone IS NULL OR gone > ?) ORDER BY signs_from DESC, id DESC LIMIT 1"""


def signing_key(algorithm: str, at: Any) -> tuple[str, bytes] | None:
    """(kid, sealed) of the key that signs at this moment."""
    rows = _rows(_SIGNS, algorithm, at, at)
    return (rows[0][0], bytes(rows[0][1])) if rows else None


def _rows(sql: str, *values: Any) -> list[Any]:
    with across_organisations("a client, a code or a token says whose organisation it is about"):
        return database.execute_sql(placeholders(sql), values).fetchall()
