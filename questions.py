"""Questions asked all day: their text is made once, whose rows they show is bound at every asking.

Making SQL costs more than running it. Only text is kept (decision 1), never
rows, and never the number of an organisation.
"""
from collections.abc import Callable, Sequence
from functools import reduce, wraps
from types import SimpleNamespace
from typing import Any

from peewee import Value

from db import database, on_sqlite
from tenancy import NoTenant, number_at_work, working_for


class _Slot:
    """Where a value is put in at every asking."""

    def __init__(self, name: str):
        self.name = name


_OURS = _Slot("the organisation at work")
_ANYBODY = SimpleNamespace(id=_OURS)


def slot(name: str) -> Value:
    """A value given when the question is asked: `people(role=True)(role="admin")`. As the database stores it."""
    return Value(_Slot(name), converter=False, unpack=False)


def question(build: Callable[..., Any]) -> Callable[..., Callable[..., list[Any]]]:
    """Keep the text of what `build(shape)` makes, for each shape of it: the arguments, hashable and few.

    The result is asked with the values of its slots and gives tuples. Where it is about rows of organisations it
    raises NoTenant with none at work, and so it does where the boundary is lifted: its text needs one.
    """
    return _kept(build, lambda _query: lambda cursor: cursor.fetchall())


def records(build: Callable[..., Any]) -> Callable[..., Callable[..., list[Any]]]:
    """The same of one table: its rows as its model knows them."""
    return _kept(build, _as_its_model)


def _as_its_model(query: Any) -> Callable[[Any], list[Any]]:
    """What reads the rows of a table, all columns in their order: Peewee would look the columns up every time."""
    model, fields = query.model, [(field.name, field.python_value) for field in query._returning]

    def read(cursor: Any) -> list[Any]:
        rows = []
        for values in cursor.fetchall():
            row = model(__no_default__=True)
            row.__data__ = {name: python(value) for (name, python), value in zip(fields, values, strict=True)}
            rows.append(row)
        return rows
    return read


def _kept(build: Callable[..., Any], reading: Callable[[Any], Callable[[Any], list[Any]]],
          ) -> Callable[..., Callable[..., list[Any]]]:
    kept: dict[Any, tuple[str, list[Any], Callable[[Any], list[Any]]]] = {}

    @wraps(build)
    def shaped(*shape: Any) -> Callable[..., list[Any]]:
        key = (on_sqlite(), *shape)
        if key not in kept:
            with working_for(_ANYBODY):
                query = build(*shape).bind(database.obj)
                kept[key] = (*query.sql(), reading(query))
        sql, parameters, read = kept[key]

        def ask(**values: Any) -> list[Any]:
            ours = number_at_work()
            if ours is None and _OURS in parameters:
                raise NoTenant
            bound = [ours if value is _OURS else values[value.name] if isinstance(value, _Slot) else value
                     for value in parameters]
            return read(database.execute_sql(sql, bound))
        return ask
    return shaped


def beyond(by: Sequence[tuple[Any, bool]], edge: Sequence[Any]) -> Any:
    """Rows that come after `edge` when sorted by these fields, each upwards or not.

    The first field stands alone as well, so that both databases enter its index there.
    """
    clauses = []
    for length in range(len(by)):
        same = [field == value for (field, _up), value in zip(by[:length], edge, strict=False)]
        field, up = by[length]
        clauses.append(reduce(lambda a, b: a & b, [*same, field > edge[length] if up else field < edge[length]]))
    first, up = by[0]
    return (first >= edge[0] if up else first <= edge[0]) & reduce(lambda a, b: a | b, clauses)
