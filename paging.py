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
from functools import reduce
from typing import Any

from flask import request

import crypto
from db import stored

EACH = 25


@dataclass(frozen=True)
class Slice:
    """One page of rows, and the cursors to its neighbours; empty text: there is none."""

    rows: list[Any]
    before: str
    after: str


def cut(query: Any, by: Sequence[tuple[Any, bool]], name: str, each: int = EACH) -> Slice:
    """The page of `query` that the request asks for.

    `by`: the fields it is sorted by and whether upwards, the last one unique. Rows are what the
    query yields; the sort fields must be readable on them by their name.
    """
    backwards = "last" in request.args or bool(request.args.get("before"))
    edge = _opened(request.args.get("before") or request.args.get("after") or "", name, len(by))
    if edge is None and "last" not in request.args:
        backwards = False
    if edge is not None:
        query = query.where(_beyond([(field, up != backwards) for field, up in by], edge))
    order = [field.asc() if up != backwards else field.desc() for field, up in by]
    rows = list(query.order_by(*order).limit(each + 1))
    more, rows = len(rows) > each, rows[:each]
    if backwards:
        rows.reverse()
    some_before = more if backwards else edge is not None
    some_after = (edge is not None) if backwards else more
    return Slice(rows, _sealed(rows[0], by, name) if rows and some_before else "",
                 _sealed(rows[-1], by, name) if rows and some_after else "")


def _beyond(by: list[tuple[Any, bool]], edge: list[Any]) -> Any:
    """(a, b, c) comes after the edge, spelt out so that both databases use the index."""
    clauses = []
    for length in range(len(by)):
        same = [field == value for (field, _up), value in zip(by[:length], edge, strict=False)]
        field, up = by[length]
        clauses.append(reduce(lambda a, b: a & b, [*same, field > edge[length] if up else field < edge[length]]))
    return reduce(lambda a, b: a | b, clauses)


def _sealed(row: Any, by: Sequence[tuple[Any, bool]], name: str) -> str:
    key = [_plain(getattr(row, field.name)) for field, _up in by]
    return base64.urlsafe_b64encode(crypto.seal(json.dumps(key).encode(), f"cursor.{name}")).rstrip(b"=").decode()


def _opened(cursor: str, name: str, length: int) -> list[Any] | None:
    try:
        sealed = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        key = [_read(value) for value in json.loads(crypto.unseal(sealed, f"cursor.{name}"))]
    except (crypto.Unsealable, ValueError, binascii.Error):
        return None
    return key if len(key) == length else None


def _plain(value: Any) -> Any:
    return {"at": int(value.timestamp())} if isinstance(value, datetime) else value


def _read(value: Any) -> Any:
    return stored(datetime.fromtimestamp(value["at"], UTC)) if isinstance(value, dict) else value
