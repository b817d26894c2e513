"""What a decision is made of, read in one statement: nothing of it is kept, so that nothing can be outdated."""
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import plugins
from clock import now
from db import database, instant, placeholders
from models import Category, Grant, Membership, Organisation, Product
from organisations.policy import Demands, Proved, by_now
from products.access import Decision, Given, House, Person, Thing, decide
from tenancy import across_organisations


@dataclass(frozen=True)
class Evidence:
    """One person, one product, as they are at this moment. What is not there is closed."""

    person: Person = Person()
    organisation: House = House()
    product: Thing = Thing()
    since: datetime | None = None               # when the person came in, or was unblocked, the last time

    def decide(self, right: str, session: Proved, begun: datetime | None = None) -> Decision:
        """`begun`: of a ticket or token, when it was given. One from before the person was out revives with nothing
        (RL-11)."""
        revived = begun and self.since and begun < self.since
        person = replace(self.person, role="", given=()) if revived else self.person
        return decide(person, self.organisation, self.product, right, session, now())


# What statements of doors ask for, of `o` an organisation, `p` its product with `c` its category, and `u` a person.
COLUMNS = """
       o.status, o.two_factor, o.two_factor_from, o.session_hours, o.trusts_browsers, o.trusted_upstreams, o.public_id,
       p.id, p.status, p.blocked, p.maintained, c.kind, c.used, c.rights, c.team_merge,
       u.two_factor, u.suspended, m.role, m.status, m.joined,
       (SELECT MAX(b.lifted) FROM block AS b WHERE b.organisation_id = o.id AND b.membership_id = m.id),
       g."right", g.product_id, g.by_rule, g.until, v."right", v.product_id, t.name, v.by_rule, v.until"""
SAID = 30                                       # so many; a statement may ask for more after them
# One's own grants and those of each team, each by its own index: with both in one condition, a hundred thousand grants
# of others would be looked through.
REACHING = """
LEFT JOIN membership AS m ON m.organisation_id = o.id AND m.user_id = u.id AND m.ended IS NULL
LEFT JOIN access_grant AS g ON g.organisation_id = o.id AND g.membership_id = m.id
     AND (g.product_id = p.id OR g."right" = 'everything')
LEFT JOIN team_member AS j ON j.organisation_id = o.id AND j.membership_id = m.id
LEFT JOIN access_grant AS v ON v.organisation_id = o.id AND v.team_id = j.team_id
     AND (v.product_id = p.id OR v."right" = 'everything')
LEFT JOIN team AS t ON t.id = v.team_id"""

# Read without the tenant boundary, as constant text: a door is found by its product, and the question
# is bound to that product's organisation and to one person.
_AT_A_DOOR = f"""
SELECT {COLUMNS}
FROM product AS p
JOIN organisation AS o ON o.id = p.organisation_id
JOIN category AS c ON c.id = p.category_id
JOIN account AS u ON u.id = ?
{REACHING}
WHERE p.public_id = ?"""  # noqa: S608 - constant


def at_a_door(user_id: int, public_id: str) -> Evidence:
    """Of a person before a product, wherever it belongs."""
    with across_organisations("a door is found by its product, and asked about one person"):
        return told_by(database.execute_sql(placeholders(_AT_A_DOOR), (user_id, public_id)).fetchall())


def told_by(rows: Sequence[Sequence[Any]]) -> Evidence:
    """What rows that begin with COLUMNS say: each of one's own grants, with each of those of one's teams."""
    if not rows:
        return Evidence()
    (state, two_factor, begins, hours, browsers, upstreams, public_id, number, status, blocked, maintained, kind, used,
     rights, merge, has_factor, suspended, role, standing, joined, lifted, *_grant) = rows[0]
    own = (given_by(right, product, None, by_rule, until)
           for right, product, by_rule, until in (row[21:25] for row in rows) if right is not None)
    by_team = (given_by(*row[25:SAID]) for row in rows if row[25] is not None)
    given = tuple(dict.fromkeys((*own, *by_team)))
    return Evidence(
        Person(role or "", bool(has_factor), suspended is not None, standing == Membership.BLOCKED, given),
        House(state == "active", Demands(by_now(two_factor, begins) == Organisation.ON, hours, bool(browsers),
                                         frozenset(listed(upstreams)), public_id)),
        Thing(number, status == Product.ACTIVE, rights_of(used, listed(rights)), ours(kind),
              blocked is not None, maintained is not None, merge),
        max((instant(each) for each in (joined, lifted) if each is not None), default=None))  # type: ignore[type-var]


def given_by(right: str, product: int | None, team: str | None, by_rule: Any, until: Any) -> Given:
    return Given(right, product, team or "", bool(by_rule), instant(until))


def thing(product: Product) -> Thing:
    """A product read with its category."""
    category: Category = product.category
    return Thing(product.id, product.status == Product.ACTIVE, rights_of(category.used, category.rights),
                 ours(category.kind), product.blocked is not None, product.maintained is not None, category.team_merge)


def ours(kind: str) -> bool:
    """Do people get to products of this kind by a door of ours?"""
    return bool(plugins.find("products.kinds", kind).door)


def rights_of(used: Any, rights: list[str]) -> tuple[str, ...]:
    """All that can be granted over a product of such a category."""
    return ((Grant.USE,) if used else ()) + tuple(rights)


def listed(stored: Any) -> list[str]:
    """A list as plain tuples have it: text on SQLite."""
    return json.loads(stored) if isinstance(stored, str) else stored
