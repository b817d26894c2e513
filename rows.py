"""Adding a row, said plainly.

Peewee walks a tree of nodes for every row it adds, which costs several times what the statement itself does.
"""
from collections.abc import Iterable
from typing import Any

from peewee import CompositeKey, ModelInsert, Node


class NewRow(ModelInsert):  # type: ignore[misc]
    """The same statement as Peewee's, of one row; of several, and where there may be one already, it is Peewee's."""

    def _execute(self, database: Any) -> Any:
        if (self._query_type != self.SIMPLE or self._on_conflict or self._return_cursor or self._as_rowcount
                or isinstance(self.model._meta.primary_key, CompositeKey)):
            return super()._execute(database)
        sql, values = self._said(database)
        if self._returning is None:
            return database.execute_sql(sql, values).lastrowid
        return database.execute_sql(f"{sql} RETURNING {_names(self._returning)}", values).fetchone()[0]

    def _said(self, database: Any) -> tuple[str, list[Any]]:
        """Its text, and what is bound to it. What the database has a function for, as `json`, stands in the text."""
        row = self._insert | {field: default() if callable(default) else default
                              for field, default in self.get_default_data().items() if field not in self._insert}
        places: list[str] = []
        values: list[Any] = []
        for field, value in row.items():
            stored = field.db_value(value)
            place, bound = (database.get_sql_context().sql(stored).query() if isinstance(stored, Node)
                            else (database.param, (stored,)))
            places.append(place)
            values.extend(bound)
        return (f'INSERT INTO "{self.model._meta.table_name}" ({_names(row)}) '  # noqa: S608 - our own names
                f'VALUES ({", ".join(places)})'), values


def _names(fields: Iterable[Any]) -> str:
    return ", ".join(f'"{field.column_name}"' for field in fields)
