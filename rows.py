"""Adding a row, said plainly.

Peewee walks a tree of nodes for every row it adds, which costs several times what the statement itself does.
"""
from collections.abc import Iterable
from typing import Any

from peewee import ModelInsert, Node, Value


class NewRow(ModelInsert):  # type: ignore[misc]
    """The same statement as Peewee's, of one row; of several, and where there may be one already, it is Peewee's."""

    def __sql__(self, ctx: Any) -> Any:
        if self._query_type != self.SIMPLE or self._on_conflict:
            return super().__sql__(ctx)
        row = self._insert | {field: default() if callable(default) else default
                              for field, default in self.get_default_data().items() if field not in self._insert}
        ctx.literal(f'INSERT INTO "{self.model._meta.table_name}" ({_names(row)}) VALUES (')  # noqa: S608 - our own names
        for number, (field, value) in enumerate(row.items()):
            ctx.literal(", " if number else "")
            ctx.sql(_stored(field.db_value(value)))
        return ctx.literal(f") RETURNING {_names(self._returning)}" if self._returning else ")")


def _names(fields: Iterable[Any]) -> str:
    return ", ".join(f'"{field.column_name}"' for field in fields)


def _stored(value: Any) -> Node:
    """What the database has a function for, as `json`, stands in the text; all else is bound."""
    return value if isinstance(value, Node) else Value(value, converter=False)
