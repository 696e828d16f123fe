"""What both databases must do alike: migrations forward and back, one writer at a time, types; and clear refusals."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import URL, inspect, select, text
from sqlalchemy.exc import IntegrityError

from edge.contract.errors import SettingsInvalid
from edge.contract.link import IngestBatch
from edge.contract.result import Verdict
from inspection.audit.log import append, verify
from inspection.cli import main
from inspection.ingest.results import take_results
from inspection.store.address import postgres_address
from inspection.store.database import Database
from inspection.store.postgres import load_postgres
from inspection.store.schema import migrate, revert
from inspection.store.service_lock import ServiceLock
from inspection.store.tables import Base, GateRow, LabelRow, RecipeRow, ResultRow, ReviewPartRow
from inspection.store.upkeep import only_service
from tests.support.plants import a_result
from tests.support.postgres import PostgresServer, closed_to_all

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
WRITERS = 4


def test_migrations_make_exactly_the_tables(address: URL) -> None:
    database = Database(address)
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    database.close()


def test_migrations_go_back_step_by_step_and_forward_again(address: URL) -> None:
    database = Database(address)
    with database.write() as session:
        take_results(session, "line-1", IngestBatch(results=(a_result(part_id="P-1"),)), NOW)
    for revision in ("0001", "base"):
        revert(database.engine, revision)
        migrate(database.engine)
        with database.read() as session:
            assert list(session.scalars(select(ResultRow.part_id))) == (["P-1"] if revision == "0001" else [])
    revert(database.engine, "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    database.close()


def test_parts_in_review_are_found_again_by_the_migration(address: URL) -> None:
    """What waits, what one person judged, what two agree on, what is disputed; a label that was taken back is none."""
    said = {
        "waiting": [],
        "once": [("ann", "good")],
        "known": [("ann", "good"), ("bob", "good")],
        "open": [("ann", "good"), ("bob", "defect")],
    }
    results = {state: a_result() for state in said}
    passed, labelled = a_result(Verdict.PASS), a_result(Verdict.PASS)
    said["once, passed"], results["once, passed"] = (
        [("ann", "unsure"), ("ann", "defect"), ("bob", "retracted")],
        labelled,
    )
    database = Database(address)
    with database.write() as session:
        take_results(session, "line-1", IngestBatch(results=(*results.values(), passed)), NOW)
        rows = [
            LabelRow(result_id=results[state].id, user=user, label=label, created_at=NOW)
            for state, people in said.items()
            for user, label in people
        ]
        session.add_all(rows)
    revert(database.engine, "0013")
    migrate(database.engine)
    with database.read() as session:
        found = {row.result_id: (row.state, row.lot) for row in session.scalars(select(ReviewPartRow))}
    assert found == {results[state].id: (state.partition(",")[0], results[state].id[-8:]) for state in said}
    database.close()


def test_failed_migration_leaves_nothing(address: URL) -> None:
    database = Database(address)
    revert(database.engine, "0001")
    with database.write() as session:
        session.execute(text("CREATE TABLE x (y INTEGER)"))
        session.execute(text("CREATE INDEX ix_blobs_file_to_delete ON x (y)"))  # in the way of the last step
    with pytest.raises(Exception, match="ix_blobs_file_to_delete"):
        migrate(database.engine)
    assert "removed_at" not in {column["name"] for column in inspect(database.engine).get_columns("blobs")}
    database.close()


def test_copy_is_kept_before_tables_change_and_only_then(address: URL, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    suffix = "sqlite3" if address.get_backend_name() == "sqlite" else "dump"
    first, second = f"plant-0001.{suffix}", f"plant-0001-2.{suffix}"
    for expected in ([], [first], [second, first]):
        database = Database(address, copies=copies)
        database.close()
        Database(address, copies=copies).close()  # nothing to change: no copy
        assert sorted(path.name for path in copies.glob("*")) == expected
        revert(database.engine, "0001")
        database.close()


def test_copy_holds_the_tables_as_they_were(address: URL, new_address: Callable[[], URL], tmp_path: Path) -> None:
    database = Database(address)
    with database.write() as session:
        session.add(RecipeRow(name="part", created_at=NOW))
    revert(database.engine, "0001")
    database.close()
    Database(address, copies=tmp_path).close()
    (copy,) = (path for path in tmp_path.glob("plant-0001*") if path.is_file())
    other = new_address()
    if other.get_backend_name() == "sqlite":
        copy.rename(str(other.database))
    else:
        load_postgres(other, copy)
    with pytest.raises(SettingsInvalid, match="0001"):
        Database(other, make=False)
    again = Database(other)
    with again.read() as session:
        assert session.get(RecipeRow, "part") is not None
    again.close()


@pytest.mark.postgres
def test_tables_do_not_change_where_no_copy_can_be_taken(
    new_postgres: Callable[[], URL], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = new_postgres()
    database = Database(address)
    revert(database.engine, "0001")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsInvalid, match="pg_dump: expected it on this machine"):
        Database(address, copies=tmp_path)
    assert "removed_at" not in {column["name"] for column in inspect(database.engine).get_columns("blobs")}
    database.close()


def test_newer_tables_are_refused(address: URL) -> None:
    database = Database(address)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(SettingsInvalid, match="9999"):
        Database(address)


def test_instants_and_documents_come_back_as_they_were(address: URL) -> None:
    database = Database(address)
    evaluation = {"passed": True, "größe": [1.5, None, {"x": 2}]}
    with database.write() as session:
        session.add(RecipeRow(name="part", created_at=NOW.astimezone(timezone(timedelta(hours=8)))))
        session.execute(text("INSERT INTO bundles VALUES ('b', 'part', 'f', '{}', 'job', '2026-03-02 08:00:00')"))
        session.add(GateRow(bundle_id="b", champion_id=None, passed=True, evaluation=evaluation, created_at=NOW))
    with database.read() as session:
        recipe, gate = session.get_one(RecipeRow, "part"), session.scalars(select(GateRow)).one()
        assert (recipe.created_at, recipe.created_at.tzinfo) == (NOW, UTC)
        assert (gate.evaluation, gate.created_at, gate.passed) == (evaluation, NOW, True)
    database.close()


def test_write_that_raises_keeps_nothing(address: URL) -> None:
    database = Database(address)
    with pytest.raises(IntegrityError), database.write() as session:  # noqa: PT012 - one transaction
        session.add(RecipeRow(name="part", created_at=NOW))
        session.flush()
        session.add(LabelRow(result_id="0" * 32, user="a", label="good", created_at=NOW))
    with database.read() as session:
        assert session.get(RecipeRow, "part") is None
    database.close()


def test_writers_take_turns(address: URL) -> None:
    """Each sees what the one before did: no result twice, no hole in the audit chain."""
    database = Database(address)
    batches = [IngestBatch(results=tuple(a_result(part_id=f"P-{n}") for n in range(5))) for _ in range(3)]

    def write() -> None:
        for batch in batches:
            with database.write() as session:
                append(session, NOW, "ann", "batch", {"stored": take_results(session, "line-1", batch, NOW).receipt})

    _at_once([write] * WRITERS)
    with database.read() as session:
        assert len(list(session.scalars(select(ResultRow.id)))) == 15
        assert (verify(session).rows, verify(session).broken_at) == (WRITERS * 3, None)
    database.close()


def test_reader_never_meets_a_number_below_one_it_has_seen(address: URL) -> None:
    """A writer that began first and commits late would hide rows from a cursor; it must hold up the others instead."""
    database = Database(address)
    drawn, seen = threading.Event(), list[int]()

    def slow() -> None:
        with database.write() as session:
            take_results(session, "line-1", IngestBatch(results=(a_result(),)), NOW)
            drawn.set()
            quick_started.wait()
            with database.read() as other:
                seen.extend(other.scalars(select(ResultRow.number)))

    def quick() -> None:
        drawn.wait()
        quick_started.set()
        with database.write() as session:
            take_results(session, "line-1", IngestBatch(results=(a_result(),)), NOW)

    quick_started = threading.Event()
    _at_once([slow, quick])
    assert seen == []
    with database.read() as session:
        assert list(session.scalars(select(ResultRow.number).order_by(ResultRow.number))) == [1, 2]
    database.close()


def test_reading_transaction_sees_one_state(address: URL) -> None:
    database = Database(address)
    with database.read() as session:
        before = list(session.scalars(select(RecipeRow.name)))
        with database.write() as other:
            other.add(RecipeRow(name="part", created_at=NOW))
        assert list(session.scalars(select(RecipeRow.name))) == before == []
    database.close()


@pytest.mark.postgres
def test_connections_that_broke_are_replaced(new_postgres: Callable[[], URL]) -> None:
    """A restarted server must not cost a restart of the service."""
    address = new_postgres()
    database, other = Database(address), Database(address)
    with database.write() as session:
        session.add(RecipeRow(name="part", created_at=NOW))
    with other.read() as session:
        end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        ended = session.execute(text(f"{end} AND datname = current_database()")).scalar_one()
    assert ended >= 1
    with database.read() as session:
        assert session.get(RecipeRow, "part") is not None
    database.close()
    other.close()


@pytest.mark.postgres
def test_a_database_that_is_not_in_utf_8_is_refused(new_postgres: Callable[[], URL]) -> None:
    address = new_postgres()
    with psycopg.connect(
        address._replace(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
    ) as made:
        made.execute("CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(SettingsInvalid, match="expected a database in UTF8, got one in SQL_ASCII"):
        Database(address.set(database="ascii"))


@pytest.mark.postgres
def test_a_database_has_one_service(new_postgres: Callable[[], URL], tmp_path: Path) -> None:
    """Also with two data folders: the second would take the first one's jobs for left behind."""
    ours, other = new_postgres(), new_postgres()
    with only_service(tmp_path / "a", ours, _unwanted):
        with pytest.raises(SettingsInvalid, match="another service runs on this database"):
            _start(tmp_path / "b", ours)
        with pytest.raises(SettingsInvalid, match="another service runs there"):
            _start(tmp_path / "a", other)
        _start(tmp_path / "b", other)
    _start(tmp_path / "b", ours)


@pytest.mark.postgres
def test_the_one_service_of_a_database_stays_it_when_the_server_was_away(new_postgres: Callable[[], URL]) -> None:
    """After any start of the server a second service could start beside the first one."""
    address = new_postgres()
    lock, second = ServiceLock(address, _unwanted), ServiceLock(address, _unwanted)
    lock.take()
    with closed_to_all(address):
        lock.look()  # nobody is let in
    lock.look()
    with pytest.raises(SettingsInvalid, match="another service runs on this database"):
        second.take()
    lock.close()
    second.close()


@pytest.mark.postgres
def test_a_service_whose_database_another_one_has_taken_is_told(new_postgres: Callable[[], URL]) -> None:
    address, told = new_postgres(), []
    lock, second = ServiceLock(address, lambda: told.append("end")), ServiceLock(address, _unwanted)
    lock.take()
    lock.look()
    with closed_to_all(address):
        pass
    second.take()
    lock.look()
    second.look()
    assert told == ["end"]
    lock.close()
    second.close()


def _unwanted() -> None:
    raise AssertionError


def _start(folder: Path, database: URL) -> None:
    with only_service(folder, database, _unwanted):
        pass


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mysql://ann@db/plant", "'mysql'"),
        ("sqlite:///plant.sqlite3", "'sqlite'"),
        ("postgresql://ann:secret@db/plant", "database_password_file"),
        ("postgresql://ann@db", "no name of a database"),
        ("plant", "no address"),
    ],
)
def test_address_that_cannot_be_one_is_refused(url: str, expected: str) -> None:
    with pytest.raises(SettingsInvalid, match=expected) as refused:
        postgres_address(url, None)
    assert "secret" not in str(refused.value)


def test_unreachable_server_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "PLANT.toml"
    settings.write_text('data_dir = "data"\ndatabase_url = "postgresql://ann@127.0.0.1:1/plant"\n', "utf-8")
    assert main(["audit", "verify", str(settings)]) == 2
    assert "postgresql://ann@127.0.0.1:1/plant: expected a server that lets us in" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


@pytest.mark.postgres
def test_wrong_password_is_bad_input(
    tmp_path: Path, postgres: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "password").write_text("wrong-password", "utf-8")
    settings = tmp_path / "PLANT.toml"
    url = postgres.url("plant_0")
    settings.write_text(f'database_url = "{url}"\ndatabase_password_file = "password"\n', "utf-8")
    assert main(["audit", "verify", str(settings)]) == 2
    said = capsys.readouterr().err
    assert "password authentication failed" in said
    assert "wrong-password" not in said


@pytest.mark.postgres
def test_audit_of_a_plant_that_never_started_is_bad_input(
    tmp_path: Path, postgres: PostgresServer, password_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "PLANT.toml"
    url = postgres.new_database()
    settings.write_text(f'database_url = "{url}"\ndatabase_password_file = "{password_file}"\n', "utf-8")
    assert main(["audit", "verify", str(settings)]) == 2
    assert "inspection serve" in capsys.readouterr().err


def _at_once(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
