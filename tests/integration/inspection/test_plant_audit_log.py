"""The audit log shows if it was altered, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import URL, text

from inspection.audit.change import change
from inspection.audit.log import GENESIS, append, verify
from inspection.registry.recipes import add_recipe
from inspection.store.database import Database
from inspection.store.tables import RecipeRow

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture(name="database")
def _database(address: URL) -> Iterator[Database]:
    database = Database(address)
    with database.write() as session:
        for number in range(3):
            append(session, NOW, "ann", "recipe.created", {"recipe": f"part-{number}", "größe": 1.5})
    yield database
    database.close()


def _alter(database: Database, statement: str) -> None:
    with database.write() as session:
        session.execute(text(statement))


def test_untouched_log_is_good(database: Database) -> None:
    with database.read() as session:
        verdict = verify(session)
    assert (verdict.rows, verdict.broken_at) == (3, None)
    assert verdict.head != GENESIS


def test_empty_log_is_good(address: URL) -> None:
    database = Database(address)
    with database.read() as session:
        assert verify(session).head == GENESIS
    database.close()


@pytest.mark.parametrize("column", ["details", "actor", "action", "at", "hash", "previous_hash"])
def test_one_altered_byte_is_found(database: Database, column: str) -> None:
    _alter(
        database, f"UPDATE audit SET {column} = substr({column}, 1, 3) || 'X' || substr({column}, 5) WHERE number = 2"
    )
    with database.read() as session:
        assert verify(session).broken_at == 2


def test_removed_row_is_found(database: Database) -> None:
    _alter(database, "DELETE FROM audit WHERE number = 2")
    with database.read() as session:
        verdict = verify(session)
    assert verdict.broken_at == 3
    assert "missing" in str(verdict.problem)


def test_change_and_its_record_are_kept_together(database: Database) -> None:
    with change(database, "ann", NOW) as doing:
        add_recipe(doing.session, "part", NOW)
        doing.record("recipe.created", recipe="part")
    with database.read() as session:
        assert verify(session).rows == 4


def test_change_without_a_record_is_undone(database: Database) -> None:
    with pytest.raises(RuntimeError, match="not recorded"), change(database, "ann", NOW) as doing:
        add_recipe(doing.session, "part", NOW)
    with database.read() as session:
        assert session.get(RecipeRow, "part") is None
