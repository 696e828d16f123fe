"""Adding to sums that are kept in rows, in one statement and without reading them first."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

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
    table = kind.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{kind.__name__}: expected a table of its own")
    made = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    insert = made(table)
    added = {name: table.c[name] + insert.excluded[name] for name in sums}
    session.execute(insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=added), rows)
