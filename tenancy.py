"""The tenant boundary: which organisation is at work, and which rows exist for it.

A tenant-owned table, named in any FROM or JOIN, shows only the rows of the
organisation at work. With no organisation at work it shows nothing: it raises.
"""
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from peewee import SCOPE_SOURCE, Entity, Metadata, Table

from db import Postgresql, Record

_at_work: ContextVar[Any] = ContextVar("organisation_at_work")
_everyone = object()


class NoTenant(RuntimeError):
    """A tenant-owned row was asked for while no organisation was at work."""


class WrongTenant(RuntimeError):
    """A row of one organisation was about to be written from within another."""


@contextmanager
def working_for(organisation: Any) -> Iterator[Any]:
    """Everything inside sees and writes this organisation's rows only. It needs an `id`, no more."""
    token = _at_work.set(organisation)
    try:
        yield organisation
    finally:
        _at_work.reset(token)


def across_organisations(reason: str) -> Any:
    """Lift the boundary. `reason` is for the reader, and for grep."""
    return working_for(_everyone)


def at_work() -> Any:
    """The organisation at work, or NoTenant."""
    try:
        return _at_work.get()
    except LookupError:
        raise NoTenant from None


def number_at_work() -> int | None:
    """Whose errand this is, for those who note it down: the organisation's number, or None."""
    return getattr(_at_work.get(None), "id", None)


def _unbounded() -> bool:
    return at_work() is _everyone


def _wall() -> str:
    """For whom PostgreSQL shall open its rows: an organisation's number, 0 for all, nothing for none."""
    organisation = _at_work.get(None)
    return "" if organisation is None else "0" if organisation is _everyone else str(organisation.id)


Postgresql.wall = staticmethod(_wall)


def _own_rows(ctx: Any, path: Any) -> Any:
    return (ctx.literal("(SELECT * FROM ").sql(Entity(*path))
            .literal(" WHERE ").sql(Entity("organisation_id"))
            .literal(" = ").value(at_work().id).literal(")"))


class _OwnedTable(Table):
    def __sql__(self, ctx: Any) -> Any:
        if ctx.scope != SCOPE_SOURCE or _unbounded():
            return super().__sql__(ctx)
        if self._alias:
            ctx.alias_manager[self] = self._alias
        return self.apply_alias(_own_rows(ctx, self._path))


class _OwnedEntity(Entity):
    def __sql__(self, ctx: Any) -> Any:
        return super().__sql__(ctx) if _unbounded() else _own_rows(ctx, self._path)


class _OwnedMetadata(Metadata):
    _table: Any

    @property
    def table(self) -> Any:
        if self._table is None:
            self._table = _OwnedTable(
                self.table_name, [field.column_name for field in self.sorted_fields],
                schema=self.schema, _model=self.model, _database=self.database)
        return self._table

    @table.deleter
    def table(self) -> None:
        self._table = None

    @property
    def entity(self) -> Any:
        return _OwnedEntity(self._schema, self.table_name)


class Owned(Record):
    """A row that belongs to one organisation."""

    class Meta:
        model_metadata_class = _OwnedMetadata

    @classmethod
    def update(cls, *args: Any, **kwargs: Any) -> Any:
        query = super().update(*args, **kwargs)
        if cls.organisation in query._update:
            cls._must_be_ours(query._update[cls.organisation])
        return cls._bounded(query)

    @classmethod
    def delete(cls) -> Any:
        return cls._bounded(super().delete())

    @classmethod
    def _bounded(cls, query: Any) -> Any:
        return query if _unbounded() else query.where(cls.organisation == at_work().id)

    @classmethod
    def insert(cls, *args: Any, **kwargs: Any) -> Any:
        query = super().insert(*args, **kwargs)
        cls._must_be_ours(query._insert.get(cls.organisation))
        return query

    @classmethod
    def insert_many(cls, rows: Any, fields: Any = None) -> Any:
        rows = [row if isinstance(row, dict) else dict(zip(fields, row, strict=True)) for row in rows]
        for row in rows:
            cls._must_be_ours(row.get(cls.organisation, row.get("organisation")))
        return super().insert_many(rows)

    @classmethod
    def _must_be_ours(cls, owner: Any) -> None:
        """New and changed rows are ours: by default, or because they say so themselves."""
        if owner is not None and not _unbounded() and getattr(owner, "id", owner) != at_work().id:
            raise WrongTenant(owner)
