"""Seeded results written past the service, in bulk: COPY on PostgreSQL, one prepared statement on SQLite.

The rows are those that ingest makes of the same results.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from edge.contract.result import InspectionResult, Verdict
from inspection.analytics.latency import step_of
from inspection.store.sums import add_up
from inspection.store.tables import HourRow, LatencyHourRow, MeasureHourRow
from tests.support.plants import a_result

STATIONS = 20
RECIPES = ("bracket", "housing", "lid", "shaft")
CLASSES = ("scratch", "dent", "stain")
EVERY = timedelta(seconds=6)
FLAGGED = 0.03
START = datetime(2025, 1, 1, tzinfo=UTC)
"""Five million results later it is still before today, so that what a station sends now comes after them."""
COLUMNS = (
    "number", "id", "station", "recipe", "verdict", "part_id", "score", "defect_class", "captured_at", "received_at",
    "document",
)  # fmt: skip
_MARKS = {"id": "0" * 32, "station": "<S>", "recipe": "<R>", "part_id": "<P>"}


@dataclass(frozen=True, slots=True)
class Seeded:
    """A result in short."""

    number: int
    id: str
    station: str
    recipe: str
    failed: bool
    score: float
    defect_class: str | None

    @property
    def verdict(self) -> str:
        """In the database's word."""
        return "FAIL" if self.failed else "PASS"

    @property
    def captured_at(self) -> datetime:
        """When it was taken."""
        return START + self.number * EVERY

    def result(self) -> InspectionResult:
        """As a station would send it."""
        changed = {name: getattr(self, name) for name in ("id", "station", "recipe", "score", "defect_class")}
        more = {"part_id": f"P-{self.number:08d}", "captured_at": self.captured_at}
        return _TEMPLATES[self.failed].model_copy(update={**changed, **more})


_TEMPLATES = {failed: a_result(Verdict.FAIL if failed else Verdict.PASS) for failed in (False, True)}
_BUNDLE = str(_TEMPLATES[False].bundle_id)
_CAMERA = _TEMPLATES[False].camera
_STEPS = {failed: step_of(shape.frame_to_verdict_ms or 0.0) for failed, shape in _TEMPLATES.items()}


def seeded(chance: random.Random, number: int) -> Seeded:
    """A result; one thing of chance after the other, so that a seed gives the same ones."""
    station, failed = chance.randrange(STATIONS), chance.random() < FLAGGED
    taken = START + number * EVERY
    id_ = f"{int(taken.timestamp() * 1000):012x}{chance.getrandbits(80):020x}"
    score = chance.uniform(1, 4) if failed else chance.random()
    named = CLASSES[int(score * 1000) % 3] if failed and score > 2.5 else None  # half of them
    return Seeded(number, id_, f"line-{station}", RECIPES[station % len(RECIPES)], failed, score, named)


def write_results(session: Session, results: Iterable[Seeded]) -> None:
    """Add rows to `results`, in the session's transaction, by the driver's own fastest way."""
    connection = session.connection()
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "postgresql":
        with driver.cursor().copy(f"COPY results ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            for row in _rows(results):
                copy.write_row(row)
    else:
        places = ", ".join("?" * len(COLUMNS))
        driver.executemany(f"INSERT INTO results ({', '.join(COLUMNS)}) VALUES ({places})", _rows(results))  # noqa: S608


def count(session: Session, results: Iterable[Seeded]) -> None:
    """Add to the sums by hour, as ingest does of the same results."""
    scores: defaultdict[tuple[int, str, str, bool, str | None], list[float]] = defaultdict(list)
    for one in results:
        scores[one.number * 6 // 3600, one.station, one.recipe, one.failed, one.defect_class].append(one.score)
    hours, passed, timed = [], [], Counter[tuple[datetime, str, str, int]]()
    for (hour, station, recipe, failed, named), found in scores.items():
        at = START + timedelta(hours=hour)
        place = {"hour": at, "station": station, "recipe": recipe}
        total = {"count": len(found)}
        timed[at, station, recipe, _STEPS[failed]] += len(found)
        more = {"verdict": "FAIL" if failed else "PASS", "defect_class": named or ""}
        hours.append({**place, **more, **total, "scored": len(found), "score_sum": sum(found)})
        if not failed:
            sums = {"total": sum(found), "total_of_squares": sum(score * score for score in found)}
            passed.append({**place, "camera": _CAMERA, "bundle_id": _BUNDLE, "measure": "score", **total, **sums})
    add_up(session, HourRow, hours, ("count", "scored", "score_sum"))
    add_up(session, MeasureHourRow, passed, ("count", "total", "total_of_squares"))
    names = ("hour", "station", "recipe", "step", "count")
    latencies = [dict(zip(names, (*key, parts), strict=True)) for key, parts in timed.items()]
    add_up(session, LatencyHourRow, latencies, ("count",))


def _rows(results: Iterable[Seeded]) -> Iterator[tuple[object, ...]]:
    documents = {failed: _pieces(failed) for failed in (False, True)}
    for one in results:
        part, taken = f"P-{one.number:08d}", one.captured_at
        stored = taken.strftime("%Y-%m-%d %H:%M:%S.000000")
        named = "null" if one.defect_class is None else f'"{one.defect_class}"'
        told = documents[one.failed] % (one.id, one.station, one.recipe, part, one.score, named, taken.isoformat())
        yield (
            one.number, one.id, one.station, one.recipe, one.verdict, part, one.score, one.defect_class, stored, stored,
            told,
        )  # fmt: skip


def _pieces(failed: bool) -> str:  # noqa: FBT001 - the one thing in which templates differ
    """The document of a result with places for what changes, in the order of the fields."""
    text = _TEMPLATES[failed].model_copy(update=_MARKS).model_dump_json()
    shape = _TEMPLATES[failed]
    taken = shape.captured_at.isoformat().replace("+00:00", "Z")
    for was in (*(f'"{mark}"' for mark in _MARKS.values()), f'"{taken}"'):
        if text.count(was) != 1:
            raise SystemExit(f"a result as JSON: expected {was} once, got {text}")
        text = text.replace(was, '"%s"')
    text = text.replace(f'"score":{shape.score},"threshold"', '"score":%r,"threshold"')
    return text.replace('"defect_class":null', '"defect_class":%s')
