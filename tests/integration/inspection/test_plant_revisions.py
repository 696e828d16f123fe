"""Every revision of the tables, on both databases: forward and back again, with rows in all of them."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from alembic import command
from sqlalchemy import URL, Engine, text

from inspection.store import schema
from inspection.store.database import Database
from inspection.store.engines import WRITE, open_engine
from inspection.store.schema import revert
from tests.support.table_shapes import Rows, fill, rows, shape

REVISIONS = ["base", *reversed(schema._known())]
CHANGED_BACK = {"0013": "api_keys"}
"""Tables whose rows are not as they were once a revision is taken back, as its `downgrade` says."""


def _go_on(engine: Engine, revision: str) -> None:
    with engine.execution_options(**WRITE).begin() as connection:
        command.upgrade(schema._config(connection), revision)


def _shapes(address: URL) -> dict[str, Any]:
    """What the tables of each revision are, reached from nothing and without rows."""
    engine, found = open_engine(address), dict[str, Any]()
    revert(engine, "base")  # makes the table of the revision
    for revision in REVISIONS:
        if revision != "base":
            _go_on(engine, revision)
        found[revision] = shape(engine)
    engine.dispose()
    return found


def _kept(before: Rows, after: Rows, leave_out: str | None) -> tuple[Rows, Rows]:
    """Of both the tables and columns that both have."""
    names = [name for name in before if name in after and name != leave_out]
    columns = {name: {*(before[name] or [{}])[0]} & {*(after[name] or [{}])[0]} for name in names}
    first, second = (
        {name: [{column: row[column] for column in columns[name]} for row in found[name]] for name in names}
        for found in (before, after)
    )
    return first, second


def test_each_revision_goes_back_to_exactly_the_one_before(new_address: Callable[[], URL]) -> None:
    """Tables, columns, types, defaults, keys, constraints, indexes; no row of a table that it leaves alone is lost."""
    expected, engine = _shapes(new_address()), open_engine(new_address())
    for before, revision in pairwise(REVISIONS):
        _go_on(engine, revision)
        with engine.execution_options(**WRITE).begin() as connection:
            fill(connection)
        assert shape(engine) == expected[revision], f"{revision} over rows"
        full = rows(engine)
        assert all(full.values()), "a table without rows"
        revert(engine, before)
        assert shape(engine) == expected[before], f"{revision} taken back"
        kept, left = _kept(full, rows(engine), CHANGED_BACK.get(revision))
        assert left == kept, f"{revision} taken back"
        _go_on(engine, revision)
        assert shape(engine) == expected[revision], f"{revision} once more"
        kept, left = _kept(left, rows(engine), None)
        assert left == kept, f"{revision} once more"
        with engine.execution_options(**WRITE).begin() as connection:
            fill(connection)
    revert(engine, "base")
    assert shape(engine) == expected["base"]
    engine.dispose()


def test_what_an_older_version_could_not_know_is_withdrawn(address: URL) -> None:
    """A key that was limited would be so no more; an image that was removed would seem to be there."""
    Database(address).close()
    engine = open_engine(address)
    with engine.execution_options(**WRITE).begin() as connection:
        fill(connection)
        connection.execute(text("UPDATE api_keys SET revoked_at = NULL"))
        connection.execute(
            text("INSERT INTO blobs SELECT 'gone', 'x', 1, stored_at, stored_at, TRUE FROM blobs LIMIT 1")
        )
    revert(engine, "0012")
    with engine.connect() as connection:
        revoked = connection.execute(text("SELECT revoked_at IS NOT NULL FROM api_keys ORDER BY name")).scalars()
        assert [bool(one) for one in revoked] == [False, True]
    revert(engine, "0001")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM blobs")).scalar_one() == 2
    engine.dispose()
