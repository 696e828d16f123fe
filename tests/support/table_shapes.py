"""What the tables of a database are, to compare; and made-up rows for every table, whatever its columns are."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, MetaData, Table, inspect, text

__all__ = ["Rows", "fill", "rows", "shape"]

Rows = dict[str, list[dict[str, Any]]]
"""Rows by table, each by its columns."""

_MADE_UP: dict[type, Callable[[int], Any]] = {
    sa.Boolean: lambda _: False,
    sa.DateTime: lambda _: datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
    sa.JSON: lambda number: {"a": [number, None]},
    sa.Integer: lambda number: number,
    sa.Float: lambda number: number + 0.5,
}
_TEXTS = {"document": json.dumps({"score": 1.5, "defect_class": "dent"}), "verdict": "FAIL", "label": "good"}
"""Texts that a migration reads; any other column takes any text."""

_GONE = "removed_at"
"""Of an image that retention removed: other rows name none."""


def shape(engine: Engine) -> dict[str, Any]:
    """Columns in order with types and defaults, keys, constraints, indexes; and what only one database has besides."""
    with engine.connect() as connection:
        found = inspect(connection)
        return {
            "columns": {
                name: [(c["name"], repr(c["type"]), c["nullable"], c["default"]) for c in columns]
                for (_, name), columns in found.get_multi_columns().items()
            },
            "keys": {name: str(key) for (_, name), key in found.get_multi_pk_constraint().items()},
            "foreign": _sorted(found.get_multi_foreign_keys()),
            "unique": _sorted(found.get_multi_unique_constraints()),
            "checks": _sorted(found.get_multi_check_constraints()),
            "indexes": _sorted(found.get_multi_indexes()),
            "besides": _besides(connection),
        }


def _sorted(parts: Mapping[tuple[str | None, str], Iterable[Any]]) -> dict[str, list[str]]:
    return {name: sorted(_said(part) for part in of) for (_, name), of in parts.items()}


def _said(part: Any) -> str:
    return repr(sorted((key, _said(value)) for key, value in part.items())) if isinstance(part, dict) else str(part)


def _besides(connection: Connection) -> list[tuple[Any, ...]]:
    if connection.dialect.name == "sqlite":
        query = "SELECT name, sql LIKE '%WITHOUT ROWID%', sql LIKE '%AUTOINCREMENT%' FROM sqlite_master"
        query += " WHERE type = 'table' ORDER BY name"
    else:
        query = "SELECT sequencename, data_type::text, min_value, max_value, increment_by, cycle FROM pg_sequences"
        query += " ORDER BY sequencename"
    return [tuple(row) for row in connection.execute(text(query))]


def rows(engine: Engine) -> Rows:
    """All rows of all tables, as the database gives them."""
    with engine.connect() as connection:
        return {name: _rows(connection, name) for name in _names(connection)}


def _rows(connection: Connection, name: str) -> list[dict[str, Any]]:
    return sorted((dict(row) for row in connection.execute(text(f'SELECT * FROM "{name}"')).mappings()), key=str)


def _names(connection: Connection) -> list[str]:
    return sorted({*inspect(connection).get_table_names()} - {"alembic_version"})


def fill(connection: Connection) -> None:
    """Give each empty table a row with all that may be missing left out, and one with everything."""
    empty, known = [name for name in _names(connection) if not _rows(connection, name)], MetaData()
    if empty:
        known.reflect(connection, only=empty)
    for table in known.sorted_tables:
        if table.name in empty:
            connection.execute(table.insert(), _row(connection, table, 1, whole=False))
            connection.execute(table.insert(), _row(connection, table, 2, whole=True))


def _row(connection: Connection, table: Table, number: int, *, whole: bool) -> dict[str, Any]:
    return {
        column.name: _value(connection, column, number)
        for column in table.columns
        if (whole and column.name != _GONE) or not column.nullable
    }


def _value(connection: Connection, column: sa.Column[Any], number: int) -> Any:
    """Of the column's type; a foreign key names the row of this number."""
    for key in column.foreign_keys:
        named = sa.select(key.column).order_by(*key.column.table.primary_key).offset(number - 1).limit(1)
        return connection.execute(named).scalar_one()
    for kind, made in _MADE_UP.items():
        if isinstance(column.type, kind):
            return made(number)
    return _TEXTS.get(column.name, f"{number}{column.name}"[: getattr(column.type, "length", None)])
