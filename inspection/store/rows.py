"""Many rows at once, past the session: ingest needs no objects of what it only adds."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from inspection.store.tables import Base

__all__ = ["add_rows", "table_of"]


def add_rows(session: Session, kind: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows in the session's transaction; none is fine.

    Args:
        session: the transaction; what waits in it is not written before.
        kind: whose table it is.
        rows: all with the same columns; what a column's default would give has to be in them.
    """
    if rows:
        session.connection().execute(insert(table_of(kind)), rows)


def table_of(kind: type[Base]) -> Table:
    """The table of a kind of row.

    Raises:
        TypeError: it has none of its own.
    """
    table = kind.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{kind.__name__}: expected a table of its own, got {type(table).__name__}")
    return table
