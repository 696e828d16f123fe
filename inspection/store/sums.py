"""Adding to sums that are kept in rows, in one statement and without reading them first."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from inspection.store.rows import table_of
from inspection.store.tables import Base

__all__ = ["add_up"]


def add_up(session: Session, kind: type[Base], rows: Sequence[dict[str, Any]], sums: Iterable[str]) -> None:
    """Add each row to the one with its primary key, or make it.

    Args:
        session: the transaction; rows of `kind` that it has loaded are not brought up to date.
        kind: whose table it is.
        rows: all columns of each; no two with the same key.
        sums: columns that are added; the others are the key.
    """
    if not rows:
        return
    session.connection().execute(_statement(kind, session.get_bind().dialect.name, tuple(sums)), rows)


@cache
def _statement(kind: type[Base], dialect: str, sums: tuple[str, ...]) -> postgresql.Insert | sqlite.Insert:
    """Made once a table: building it took longer than running it."""
    table = table_of(kind)
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    added = {name: table.c[name] + insert.excluded[name] for name in sums}
    return insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=added)
