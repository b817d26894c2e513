"""Pages of a long list, by the key of the last row seen: as fast at the end as at the start.

`?after=`, `?before=` and `?last` (interface). A cursor is sealed: it tells no
row number, and one that was tampered with is the first page.
"""
import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import request

import crypto
from db import stored
from questions import beyond

EACH = 25


@dataclass(frozen=True)
class Spot:
    """Where in a list the request is: beyond which row, in which direction, and how many come before that row."""

    edge: list[Any] | None
    backwards: bool
    rank: int


@dataclass(frozen=True)
class Slice:
    """One page of rows, and the cursors to its neighbours; empty text: there is none.

    `start`: the number of its first row, 0 when nobody counted (the last page).
    """

    rows: list[Any]
    before: str
    after: str
    start: int = 0


def cut(query: Any, by: Sequence[tuple[Any, bool]], name: str, each: int = EACH) -> Slice:
    """The page of `query` that the request asks for.

    `by`: the fields it is sorted by and whether upwards, the last one unique. Rows are what the
    query yields; the sort fields must be readable on them by their name.
    """
    here = spot(name, len(by))
    turned = [(field, up != here.backwards) for field, up in by]
    if here.edge is not None:
        query = query.where(beyond(turned, here.edge))
    order = [field.asc() if up else field.desc() for field, up in turned]
    return sliced(list(query.order_by(*order).limit(each + 1)), here, [field.name for field, _up in by], name, each)


def cut_of(rows: list[Any], name: str, each: int = EACH) -> Slice:
    """The page that the request asks for of a list that is at hand, sorted by the `key` of its rows (a list)."""
    here = spot(name, 1)
    if here.edge is not None:
        edge = here.edge[0]
        rows = [row for row in rows if (row.key < edge if here.backwards else row.key > edge)]
    if here.backwards:
        rows = rows[::-1]
    return sliced(rows[:each + 1], here, ["key"], name, each)


def spot(name: str, length: int) -> Spot:
    """What the request says of its place in a list sorted by so many fields."""
    opened = _opened(request.args.get("before") or request.args.get("after") or "", name, length)
    if opened:
        rank, *edge = opened
        return Spot(edge, bool(request.args.get("before")), rank)
    return Spot(None, "last" in request.args, 0)


def sliced(rows: list[Any], here: Spot, by: Sequence[str], name: str, each: int = EACH) -> Slice:
    """One page of the rows found at a spot, one more than a page if there are more. `by`: names on the rows."""
    more, rows = len(rows) > each, rows[:each]
    if here.backwards:
        rows.reverse()
    some_before = more if here.backwards else here.edge is not None
    some_after = (here.edge is not None) if here.backwards else more
    start = _start(here, len(rows), some_before)
    return Slice(rows, _sealed(rows[0], start, by, name) if rows and some_before else "",
                 _sealed(rows[-1], start + len(rows) - 1 if start else 0, by, name) if rows and some_after else "",
                 start)


def _start(here: Spot, found: int, some_before: bool) -> int:
    if not some_before:
        return 1
    if here.backwards:
        return max(here.rank - found, 0)
    return here.rank + 1 if here.rank else 0


def _sealed(row: Any, rank: int, by: Sequence[str], name: str) -> str:
    key = [rank, *(_plain(getattr(row, field)) for field in by)]
    return base64.urlsafe_b64encode(crypto.seal(json.dumps(key).encode(), f"cursor.{name}")).rstrip(b"=").decode()


def _opened(cursor: str, name: str, length: int) -> list[Any] | None:
    try:
        sealed = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        key = [_read(value) for value in json.loads(crypto.unseal(sealed, f"cursor.{name}"))]
    except (crypto.Unsealable, ValueError, binascii.Error):
        return None
    return key if len(key) == length + 1 else None


def _plain(value: Any) -> Any:
    return {"at": int(value.timestamp())} if isinstance(value, datetime) else value


def _read(value: Any) -> Any:
    return stored(datetime.fromtimestamp(value["at"], UTC)) if isinstance(value, dict) else value
