"""A person's organisations, and going from one to another. One organisation a tab: the path decides."""
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clock import HOUR, days_until, now
from db import database, instant, placeholders
from models import Membership, Organisation
from organisations.policy import Demands, by_now
from organisations.roles import Standing
from tenancy import across_organisations


@dataclass(frozen=True)
class Place:
    """An organisation as one of its people enters it, with the counts its pages show."""

    id: int
    public_id: str
    slug: str
    name: str
    logo: str
    members: int
    externals: int
    unprotected: int
    invitations: int
    requests: int
    admins_may_edit: bool
    membership_id: int
    role: str
    accounting: bool
    last_seen: Any                              # as stored
    two_factor_stored: str                      # off, announced, on
    two_factor_from: Any                        # as stored
    two_factor_zone: str                        # where that moment is the beginning of a day, or would be
    session_hours: int | None
    trusts_browsers: bool
    trusted_upstreams: Any                      # as stored

    @property
    def two_factor(self) -> str:
        """Off, announced or on, at this moment."""
        return by_now(self.two_factor_stored, self.two_factor_from)

    @property
    def demands(self) -> Demands:
        stored = self.trusted_upstreams
        return Demands(self.two_factor == Organisation.ON, self.session_hours, bool(self.trusts_browsers),
                       frozenset(json.loads(stored) if isinstance(stored, str) else stored), self.public_id)

    @property
    def announced(self) -> datetime | None:
        """When two-factor authentication will be demanded of everybody here, if that is announced."""
        return instant(self.two_factor_from) if self.two_factor == Organisation.ANNOUNCED else None

    @property
    def days_left(self) -> int:
        """Until then; a day that has begun counts."""
        return days_until(self.announced) if self.announced else 0

    @property
    def standing(self) -> Standing:
        return Standing(self.role, bool(self.accounting), bool(self.admins_may_edit))

    @property
    def people(self) -> int:
        """Everybody on the list: members and externals."""
        return self.members + self.externals

    @property
    def initials(self) -> str:
        words = [word for word in self.name.split() if word[:1].isalnum()]
        return "".join(word[0] for word in words[:2]).upper() or self.name[:1].upper()

    @property
    def logo_url(self) -> str | None:
        return f"/o/{self.slug}/logo/{self.logo}" if self.logo else None

    @property
    def tone(self) -> int:
        """1 to 4, the same every time: the colour of its tile."""
        return sum(self.public_id.encode()) % 4 + 1


# Read without the tenant boundary, as constant text: it is bound to the person instead, and it is
# how one finds out which organisations one may enter at all.
_PLACES = """
SELECT o.id, o.public_id, o.slug, o.name, o.logo, o.members, o.externals, o.unprotected, o.invitations,
       o.requests, o.admins_may_edit, m.id, m.role, m.accounting, m.last_seen,
       o.two_factor, o.two_factor_from,
       CASE o.two_factor_zone WHEN '' THEN o.time_zone ELSE o.two_factor_zone END,
       o.session_hours, o.trusts_browsers, o.trusted_upstreams
FROM membership AS m JOIN organisation AS o ON o.id = m.organisation_id
WHERE m.user_id = ? AND m.status = 'active' AND o.status = 'active' ORDER BY o.name, o.id"""


def places(user_id: int) -> list[Place]:
    """All the organisations a person may enter, by name."""
    with across_organisations("a person's own memberships"):
        return [Place(*row) for row in database.execute_sql(placeholders(_PLACES), (user_id,)).fetchall()]


def last_open(places: list[Place], remembered: str) -> Place | None:
    """Where to go on: what this browser remembers, by its public id, or else where the person was last at all."""
    here = (place for place in places if place.public_id == remembered)
    return next(here, None) or max(places, key=lambda place: place.last_seen, default=None)


def touch(place: Place) -> None:
    """Remember that the person was in this organisation, at most once an hour."""
    if now() - instant(place.last_seen) >= HOUR:  # type: ignore[operator]
        Membership.update(last_seen=now()).where(Membership.id == place.membership_id).execute()
