"""How long the analytics of a year take with latencies that spread: `.venv/bin/python -m bench.latency_chart`.

Twenty stations of one line, each hour of a year, parts in fourteen steps of latency: what millions of results leave in
the sums by hour, whatever their number.
"""

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import func, select

from inspection.analytics.summary import Step, Window, summarise
from inspection.store.database import Database
from inspection.store.rows import add_rows
from inspection.store.tables import LatencyHourRow
from tests.support.plants import new_plant

_STATIONS, _DAYS, _STEPS = 20, 365, 14
_START = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> int:
    """Fill and ask."""
    with TemporaryDirectory() as folder:
        database = new_plant(Path(folder)).database
        for day in range(_DAYS):
            _fill(database, _START + timedelta(days=day))
        with database.read() as session:
            sys.stdout.write(f"{session.scalar(select(func.count()).select_from(LatencyHourRow))} rows\n")
        for days in (1, 30, 365):
            for station in (None, "line-3"):
                _ask(database, days, station)
    return 0


def _fill(database: Database, day: datetime) -> None:
    with database.write() as session:
        rows = [
            {"hour": day + timedelta(hours=hour), "station": f"line-{station}", "recipe": "part", "step": 20 + step}
            for hour in range(24)
            for station in range(_STATIONS)
            for step in range(_STEPS)
        ]
        add_rows(session, LatencyHourRow, [{**row, "count": 30} for row in rows])


def _ask(database: Database, days: int, station: str | None) -> None:
    end = _START + timedelta(days=_DAYS)
    window = Window(end - timedelta(days=days), end, Step.HOUR if days <= 7 else Step.DAY, station=station)
    took = []
    for _ in range(3):
        started = time.perf_counter()
        with database.read() as session:
            summarise(session, window)
        took.append(time.perf_counter() - started)
    sys.stdout.write(f"{days} days, {station or 'all stations'}: {1000 * min(took):.0f} ms\n")


if __name__ == "__main__":
    sys.exit(main())
