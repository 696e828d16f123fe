"""What years of results cost the plant: the same requests at two sizes of one database, and ingest beside bulk insert.

    PYTHONPATH=. .venv/bin/python bench/plant_scale.py [--small 50000] [--large 1000000] [--postgres] [--folder DIR]

Writes seeded results straight into the tables: 20 stations, one part every 6 s, 3 % flagged and all of those judged but
the newest thousand, as are those drawn by chance. Then asks the service, in this process and over no socket. Prints one
JSON line a size, and one of the ratios. Requests and sizes take turns, so that all of them meet the same machine.
"""

import argparse
import json
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from fastapi.testclient import TestClient
from sqlalchemy import insert, text, update
from sqlalchemy.orm import Session

from bench.plant_rows import EVERY, FLAGGED, RECIPES, START, STATIONS, Seeded, count, seeded, write_results
from edge.contract.link import IngestBatch
from edge.contract.result import InspectionResult
from edge.plant.settings import PlantSettings
from inspection.api.access import CSRF_HEADER
from inspection.plant import Plant
from inspection.review.states import await_review
from inspection.store.rows import add_rows
from inspection.store.tables import AuditDrawRow, BlobRow, LabelRow, ResultImageRow, ResultRow, ReviewPartRow
from tests.support.plants import API, Person, add_station, new_plant, running, sign_in
from tests.support.postgres import PASSWORD, postgres_server

T = TypeVar("T")
DRAWN = 0.003
WAITING = 1000
ROUNDS = 40
BATCH: int = PlantSettings.model_fields["batch_size"].default
"""As a station sends them when many wait."""
INGEST_BATCHES = 40


@dataclass
class Site:
    """One plant of a size, with what it took so far.

    Attributes:
        asked: seconds of each request.
        through: seconds of each batch through the API.
        bulk: of each batch by SQLAlchemy.
    """

    size: int
    plant: Plant
    client: TestClient
    admin: Person
    key: dict[str, str]
    filled_s: float
    asked: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    through: list[float] = field(default_factory=list)
    bulk: list[float] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """95th percentile in ms by request, and results a second by the median batch."""
        rate, best = BATCH / float(np.median(self.through)), BATCH / float(np.median(self.bulk))
        return {
            "results": self.size,
            "filled_s": round(self.filled_s, 1),
            "p95_ms": {name: round(1000 * float(np.percentile(took, 95)), 1) for name, took in self.asked.items()},
            "ingest_per_s": round(rate),
            "bulk_per_s": round(best),
            "ingest_of_bulk": round(rate / best, 2),
        }


def main() -> int:
    """Fill all sizes, then ask them in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=50_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--folder", type=Path, help="where the databases are made; a temporary folder without it")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres_server()) if options.postgres else None
        sites = []
        for size in (0, options.small, options.large):
            where: dict[str, Any] = {}
            if server is not None:
                (folder / "postgres-password").write_text(PASSWORD, "utf-8")
                where = {"database_url": server.new_database(), "database_password_file": folder / "postgres-password"}
            sites.append(made(stack, folder / f"plant-{size}", size, where))
        for _ in range(ROUNDS):
            for site in sites[1:]:
                ask(site)
        ingest(sites)
        found = [site.told() for site in sites]
        for told in found:
            print(json.dumps({"database": "postgres" if server else "sqlite", **told}))
        print(json.dumps(compared(*found)))
    return 0


def made(stack: ExitStack, folder: Path, size: int, where: dict[str, Any]) -> Site:
    """A running plant with so many results."""
    plant = new_plant(folder, **where)
    client = stack.enter_context(running(plant))
    admin = sign_in(client)
    keys = [add_station(admin, f"line-{number}", RECIPES[number % len(RECIPES)]) for number in range(STATIONS)]
    for number in (1, 5, 9):
        admin.client.put(
            f"{API}/stations/line-{number}/line", json={"line": "north"}, headers={CSRF_HEADER: admin.csrf}
        ).raise_for_status()
    began = time.perf_counter()
    fill(plant, size)
    return Site(size, plant, client, admin, keys[0], time.perf_counter() - began)


def compared(empty: dict[str, Any], small: dict[str, Any], large: dict[str, Any]) -> dict[str, Any]:
    """The ratios that are promised: p95 at most 2, ingest at least 0.8 of the empty plant's and 0.4 of bulk."""
    return {
        "p95_large_of_small": {name: round(large["p95_ms"][name] / ms, 2) for name, ms in small["p95_ms"].items()},
        "ingest_large_of_empty": round(large["ingest_per_s"] / empty["ingest_per_s"], 2),
        "ingest_of_bulk": {found["results"]: found["ingest_of_bulk"] for found in (empty, small, large)},
    }


def fill(plant: Plant, size: int) -> None:
    """Write results, images, labels and counts, twenty thousand a transaction."""
    chance = random.Random(0)  # noqa: S311 - a seeded bench
    flagged_from = size - int(WAITING / FLAGGED)
    for numbers in batched(range(1, size + 1), 20_000):
        results = [seeded(chance, number) for number in numbers]
        with plant.database.write() as session:
            write(session, results)
            shown = [result for result in results if result.failed or is_drawn(result)]
            label(session, [result for result in shown if result.number <= flagged_from])
    settle(plant, size)


def write(session: Session, results: list[Seeded]) -> None:
    """Rows as ingest would make them; a picture for what failed and for what was drawn."""
    write_results(session, results)
    shown = [result for result in results if result.failed or is_drawn(result)]
    file = {"media_type": "image/png", "size_bytes": 1, "stored_at": START, "file_deleted": False}
    add_rows(session, BlobRow, [{"sha256": picture(result), **file} for result in shown])
    add_rows(session, ResultImageRow, [{"result_id": r.id, "kind": "frame", "sha256": picture(r)} for r in shown])
    drawn = [{"result_id": r.id, "share": DRAWN, "drawn_at": START} for r in shown if is_drawn(r)]
    add_rows(session, AuditDrawRow, drawn)
    await_review(session, [r.id for r in shown])
    count(session, results)


def is_drawn(result: Seeded) -> bool:
    """Whether it belongs to the random audit sample."""
    return int(result.id[-16:-8], 16) < DRAWN * 16**8


def picture(result: Seeded) -> str:
    """The hash of a frame that nobody looks at here."""
    return result.id[::-1] + result.id


def label(session: Session, results: list[Seeded]) -> None:
    """One person has judged each, a second one the share that is drawn for that."""
    said = {"label": "defect", "created_at": START}
    rows = [{"result_id": result.id, "user": "ann", **said} for result in results]
    rows += [{"result_id": result.id, "user": "bob", **said} for result in results if result.id[-8:] < "1"]
    add_rows(session, LabelRow, rows)
    for state, ids in (("once", [r.id for r in results]), ("known", [r.id for r in results if r.id[-8:] < "1"])):
        for some in batched(ids, 500):
            session.execute(update(ReviewPartRow).where(ReviewPartRow.result_id.in_(some)).values(state=state))


def settle(plant: Plant, size: int) -> None:
    """Bring what the database knows of itself up to date, as a server does at night."""
    with plant.database.engine.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")  # noqa: PLW2901
        if plant.database.engine.dialect.name == "postgresql" and size:
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('results', 'number'), {size})"))
            connection.execute(text("VACUUM ANALYZE"))


def ask(site: Site) -> None:
    """Every request once."""
    for name, (path, params) in requests(site.size).items():
        began = time.perf_counter()
        answer = site.admin.get(path, params=params)
        site.asked[name].append(time.perf_counter() - began)
        answer.raise_for_status()


def requests(size: int) -> dict[str, tuple[str, dict[str, Any]]]:
    """What is asked, by name."""
    until = START + size * EVERY
    since = until - timedelta(days=3)
    week = {"since": since.isoformat(), "until": until.isoformat()}
    middle = START + size // 2 * EVERY
    day = {"since": (middle - timedelta(days=1)).isoformat(), "until": middle.isoformat()}
    return {
        "queue": ("/review/queue", {}),
        "queue_of_recipe": ("/review/queue", {"recipe": "lid"}),
        "queue_by_value": ("/review/queue", {"order": "value", "recipe": "lid"}),
        "newest": ("/results", {}),
        "search_station": ("/results", {"station": "line-3"}),
        "search_failed": ("/results", {"recipe": "lid", "verdict": "FAIL"}),
        "search_station_failed": ("/results", {"station": "line-3", "verdict": "FAIL"}),
        "search_part": ("/results", {"part_id": f"P-{size // 2:08d}"}),
        "search_line": ("/results", {"line": "north"}),
        "search_line_failed": ("/results", {"line": "north", "verdict": "FAIL"}),
        "search_day": ("/results", day),
        "search_day_of_station": ("/results", {**day, "station": "line-3"}),
        "search_day_failed": ("/results", {**day, "recipe": "lid", "verdict": "FAIL"}),
        "search_score": ("/results", {"score_from": 3.5}),
        "search_class": ("/results", {"defect_class": "dent"}),
        "search_label": ("/results", {"label": "defect"}),
        "search_review": ("/results", {"review": "known", "recipe": "lid"}),
        "page_in_the_middle": ("/results", {"before": size // 2}),
        "analytics": ("/analytics", week),
        "stations": ("/stations", {}),
    }


def ingest(sites: Sequence[Site]) -> None:
    """Batches through the API, and by SQLAlchemy in bulk, in turn, of the same kind of rows; each plant in turn."""
    chance = random.Random(1)  # noqa: S311 - a seeded bench
    first = max(site.size for site in sites)
    made = (replace(seeded(chance, first + number), station="line-0").result() for number in range(1, 10**6))
    for batch in islice(batched(made, BATCH), INGEST_BATCHES):
        body = IngestBatch(results=batch).model_dump_json()
        for site in sites:
            site.through.append(_timed(partial(_send, site.client, site.key, body)))
            rows = [row(seeded(chance, first).result()) for _ in range(BATCH)]
            site.bulk.append(_timed(partial(_bulk, site.plant, rows)))


def _send(client: TestClient, key: dict[str, str], body: str) -> None:
    headers = {**key, "Content-Type": "application/json"}
    answer = client.post(f"{API}/ingest/results", content=body, headers=headers)
    if answer.json()["stored"] != BATCH:
        raise SystemExit(f"expected {BATCH} results to be new: {answer.text}")


def row(result: InspectionResult) -> dict[str, Any]:
    """Columns of a result."""
    return {
        "id": result.id, "station": result.station, "recipe": result.recipe, "verdict": result.verdict.value,
        "score": result.score, "defect_class": result.defect_class, "part_id": result.part_id,
        "captured_at": result.captured_at, "received_at": result.captured_at, "document": result.model_dump_json(),
    }  # fmt: skip


def _bulk(plant: Plant, rows: list[dict[str, Any]]) -> None:
    with plant.database.write() as session:
        session.execute(insert(ResultRow), rows)


def batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Items by so many; itertools has it from Python 3.12 on."""
    source = iter(items)
    while page := tuple(islice(source, size)):
        yield page


def _timed(action: Callable[[], None]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


if __name__ == "__main__":
    raise SystemExit(main())
