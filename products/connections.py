"""The latest test of how an application is connected: what was really seen of each step is kept, and nothing else.

What a step is, and what can be wrong with it, is said by the room of each door.
"""
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import audit
import current
from clock import now
from db import locked, transaction
from i18n import Lazy
from models import ConnectionTest, Product, User

RIGHT = ""                                      # what is written where nothing was wrong
LONGEST = 200                                   # characters of a detail
Seen = dict[str, list[str]]
TOLD = (ConnectionTest, User.id, User.first_name, User.last_name)      # what a page tells of one


@dataclass(frozen=True)
class Step:
    """One as a page shows it: it was seen, it was wrong and why, or there is nothing to say of it (yet)."""

    name: Lazy
    seen: bool = False
    why: str = ""


def joined(row: Any, name: str) -> Any:
    """What a join found for a row, or None where it found nothing."""
    found = getattr(row, name, None)
    return found if found is not None and found.id else None


def write(product: Product, seen: Seen, until: datetime | None = None) -> None:
    """In place of the one before. In the transaction of whoever asked for the right to it."""
    ConnectionTest.delete().where(ConnectionTest.product == product.id).execute()
    ConnectionTest.create(product=product.id, user=current.actor().user_id, until=until or now(),
                          seen={step: [what, detail[:LONGEST]] for step, (what, detail) in seen.items()})
    audit.record("product.tested", product.public_id, product=product.label)


def note(number: int, step: str, what: str = RIGHT, detail: str = "") -> bool:
    """Of a test that whoever asks knows to run; what was seen right stays right. Was there something to note?"""
    with transaction():
        test = locked(ConnectionTest.select().where(ConnectionTest.id == number)).first()
        if test is None or test.seen.get(step, [None])[0] == RIGHT:
            return False
        ConnectionTest.update(seen=test.seen | {step: [what, detail[:LONGEST]]}).where(
            ConnectionTest.id == number).execute()
        return True


def steps(test: ConnectionTest | None, names: Mapping[str, Lazy], wrong: Mapping[str, Lazy]) -> list[Step]:
    """All there are, in their order, with what the test says of each."""
    return [Step(name, *_told(test.seen.get(step) if test else None, wrong)) for step, name in names.items()]


def _told(found: Any, wrong: Mapping[str, Lazy]) -> tuple[bool, str]:
    if found is None:
        return False, ""
    what, detail = found
    return what == RIGHT, wrong[what] % {"detail": detail} if what else ""
