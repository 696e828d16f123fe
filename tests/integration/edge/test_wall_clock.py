"""A wall clock that is set back while a station runs: only what people read moves."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.cameras.push import PushedFrames
from edge.clock import SystemClock
from edge.contract.signature import TrustedKeys
from edge.station.station import Station
from tests.support.edge_fakes import FakePlant, eventually, png
from tests.support.link_server import link_server
from tests.support.stations import StationFolder

DEADLINE_MS = 1000.0


class SetBackClock(SystemClock):
    """The machine's monotonic clock, with a wall clock that a test sets.

    Attributes:
        behind: how far the wall clock is behind.
    """

    behind = timedelta()

    def utc(self) -> datetime:
        """Wrong by `behind`."""
        return datetime.now(UTC) - self.behind


def wait_for(folder: StationFolder, count: int) -> None:
    """Until the line was told so many verdicts."""
    eventually(lambda: len(folder.results()) == count)


@pytest.mark.parametrize("behind", [timedelta(hours=1), timedelta(days=20_000)])
def test_a_clock_set_back_moves_neither_order_nor_deadline_nor_ledger(tmp_path: Path, behind: timedelta) -> None:
    """Also across a restart; a trigger that waits for its frame meanwhile still ends at its deadline."""
    folder, plant, clock = StationFolder(tmp_path), FakePlant(), SetBackClock()
    pushed = PushedFrames("push", clock, 10_000)
    with link_server(plant) as port:
        link = {"url": f"http://127.0.0.1:{port}", "heartbeat_s": 0.05}
        settings = folder.settings(plant=link, deadline_ms=DEADLINE_MS, trigger={"kind": "software"})
        trusted = TrustedKeys(settings.trusted_keys)
        first = Station(settings, trusted, clock)
        first.start()
        eventually(lambda: first.status().bundle.id is not None)
        for _ in range(3):
            first.submit(pushed.frame(png()))
        wait_for(folder, 3)
        first.trigger("waits")
        clock.behind = behind
        for _ in range(3):
            first.submit(pushed.frame(png()))
        wait_for(folder, 7)
        counts = first.status().ledger
        first.stop()
        second = Station(settings, trusted, clock)
        second.start()
        second.submit(pushed.frame(png()))
        wait_for(folder, 8)
        eventually(lambda: len(plant.results) == 8)
        second.stop()
    assert (counts.triggers, counts.verdicts, counts.timeouts, counts.drops, counts.in_flight) == (7, 6, 1, 0, 0)
    results = sorted(plant.results.values(), key=lambda r: r.sequence)
    assert [r.sequence for r in results] == list(range(1, 9))
    assert len(plant.arrivals) == 8
    waited = results[3]
    assert (waited.part_id, waited.outcome, waited.verdict) == ("waits", "timeout", "UNDECIDED")
    assert waited.frame_to_verdict_ms is None or waited.frame_to_verdict_ms >= 0
    assert waited.times.verdict_us - waited.times.trigger_us >= DEADLINE_MS * 1000
    assert all(r.outcome == "verdict" for r in results if r is not waited)
    triggers = [r.times.trigger_us for r in results]
    assert triggers == sorted(triggers)
    assert results[-1].captured_at < results[0].captured_at  # the wall clock did go back
