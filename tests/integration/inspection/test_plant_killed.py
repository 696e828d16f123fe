"""kill -9 of the service amid ingest, label, promotion and migration, on both databases: nothing is half done."""

import signal
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import URL, func, inspect, select

from inspection.people.api_keys import Rights, add_api_key
from inspection.people.roles import Role
from inspection.store.database import Database
from inspection.store.schema import revert
from inspection.store.tables import (
    BundleRow,
    GateRow,
    HourRow,
    LabelRow,
    PromotionRow,
    ResultImageRow,
    ResultRow,
    ReviewPartRow,
)
from tests.support.doomed_plant import Doomed, doomed_plant
from tests.support.plants import (
    API,
    a_result,
    add_samples,
    add_station,
    image_ref,
    new_plant,
    png,
    running,
    send_results,
    sign_in,
    train,
    wait_for_job,
)

WAITS = a_result()
COMES = tuple(a_result(images=(image_ref(png(number)),)) for number in range(3))


@dataclass(frozen=True)
class Request:
    """A change, and the statement in the middle of it after which the service dies.

    Attributes:
        dies_after: how that statement begins.
        written: rows that the change writes, by table.
    """

    dies_after: str
    path: str
    body: dict[str, Any]
    status: int
    written: dict[Any, int]


@dataclass(frozen=True)
class Made:
    """A plant that was closed: what it needs to be opened and asked."""

    folder: Path
    where: dict[str, Any]
    address: URL
    bundle_id: str
    keys: dict[str, dict[str, str]]

    def database(self) -> Database:
        """As it was left."""
        return Database(self.address, make=False)

    def doomed(self, when: str) -> AbstractContextManager[Doomed]:
        """A process that serves the plant until then."""
        return doomed_plant(self.folder, when, self.where)

    def request(self, name: str) -> Request:
        """The change of this name."""
        results = {"results": [result.model_dump(mode="json") for result in COMES]}
        label = {"result_id": WAITS.id, "label": "defect", "defect_type": "scratch"}
        promote = {"bundle_id": self.bundle_id, "reason": "the first"}
        return {
            "ingest": Request(
                "INSERT INTO hours",
                "/ingest/results",
                results,
                200,
                {ResultRow: 3, ResultImageRow: 3, ReviewPartRow: 3},
            ),
            "label": Request("INSERT INTO audit ", "/labels", label, 201, {LabelRow: 1}),
            "promote": Request("INSERT INTO audit ", "/recipes/part/promote", promote, 200, {PromotionRow: 1}),
        }[name]


@pytest.fixture(name="made")
def _made(tmp_path: Path, where: dict[str, Any]) -> Made:
    plant = new_plant(tmp_path, **where)
    address = plant.database.engine.url
    with running(plant) as client:
        admin = sign_in(client)
        station = add_station(admin)
        send_results(client, station, WAITS)
        add_samples(admin, "part", range(8))
        bundle_id = train(admin, "part")["result"]["bundle_id"]
        with plant.database.write() as session:
            key = add_api_key(session, "mes", Rights(Role.ENGINEER), "admin", plant.clock())
    return Made(
        tmp_path, where, address, bundle_id, {"station": station, "program": {"Authorization": f"Bearer {key}"}}
    )


def _counts(database: Database, tables: dict[Any, int]) -> dict[Any, int]:
    with database.read() as session:
        return {table: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def _counted(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.sum(HourRow.count))) or 0


@pytest.mark.parametrize("name", ["ingest", "label", "promote"])
def test_a_change_is_whole_or_not_at_all(made: Made, name: str) -> None:
    asked = made.request(name)
    key = made.keys["station" if name == "ingest" else "program"]
    database = made.database()
    before, hours = _counts(database, asked.written), _counted(database)
    with made.doomed(asked.dies_after) as process:
        address = process.address()
        with pytest.raises(httpx.TransportError):
            httpx.post(f"{address}{API}{asked.path}", json=asked.body, headers=key)
        assert process.wait() == -signal.SIGKILL
    assert (_counts(database, asked.written), _counted(database)) == (before, hours)
    with running(new_plant(made.folder, **made.where)) as client:
        assert client.post(f"{API}{asked.path}", json=asked.body, headers=key).status_code == asked.status
        assert sign_in(client).get("/audit/verification").json()["broken_at"] is None
    after = {table: count + asked.written[table] for table, count in before.items()}
    assert (_counts(database, asked.written), _counted(database)) == (after, hours + (3 if name == "ingest" else 0))
    database.close()


def test_a_migration_is_whole_or_not_at_all(made: Made) -> None:
    database = made.database()
    revert(database.engine, "0011")
    with made.doomed("INSERT INTO review_parts") as process:  # in the last step, after others
        assert process.wait() == -signal.SIGKILL
    names = {column["name"] for column in inspect(database.engine).get_columns("api_keys")}
    assert ("scopes" in names, "review_parts" in inspect(database.engine).get_table_names()) == (False, False)
    database.close()
    again = Database(made.address)
    assert _counts(again, {ResultRow: 1, ReviewPartRow: 1}) == {ResultRow: 1, ReviewPartRow: 1}
    again.close()


@pytest.mark.parametrize(("dies_after", "trainings"), [("INSERT INTO bundles", 2), ("INSERT INTO gates", 1)])
def test_a_job_goes_on_where_it_was(made: Made, dies_after: str, trainings: int) -> None:
    """Killed amid registering the bundle it trains again; killed in the gate it keeps the bundle and gates that."""
    with running(new_plant(made.folder, **made.where)) as client:
        add_samples(sign_in(client), "part", range(20, 30))
    database = made.database()
    before = _counts(database, {BundleRow: 0, GateRow: 0})
    with made.doomed(dies_after) as process:
        address = process.address()
        asked = {"kind": "train", "recipe": "part"}
        job_id = httpx.post(f"{address}{API}/jobs", json=asked, headers=made.keys["program"]).json()["id"]
        assert process.wait() == -signal.SIGKILL
    with running(new_plant(made.folder, **made.where)) as client:
        job = wait_for_job(sign_in(client), job_id)
    assert (job["state"], job["interruptions"], job["result"]["gate"]["passed"]) == ("succeeded", 1, True)
    assert sum("fake models:" in line for line in job["log"]) == trainings
    assert _counts(database, before) == {BundleRow: before[BundleRow] + 1, GateRow: before[GateRow] + 1}
    database.close()
