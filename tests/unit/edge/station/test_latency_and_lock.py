"""Facts of the latency window and of the lock on the state folder."""

from pathlib import Path

import pytest

from edge.contract.errors import SettingsInvalid
from edge.contract.result import Outcome, Times, Verdict
from edge.station.latency import LatencyWindow
from edge.station.state_lock import StateLock
from tests.support.edge_fakes import result


def took(ms: float, **changes: object) -> object:
    """A result that came after `ms`."""
    times = Times(trigger_us=0, frame_received_us=0, verdict_us=round(ms * 1000))
    return result(1, times=times, **{"score": 0.5, "session_run_ms": ms / 2, **changes})


def test_median_and_99th_percentile_are_of_the_latest_parts() -> None:
    window = LatencyWindow(size=100)
    for ms in [1000.0] * 50 + [float(n) for n in range(1, 101)]:
        window.observe(took(ms))
    summary = window.summary()
    assert summary.frame_to_verdict_ms.p50 == 50.5
    assert summary.frame_to_verdict_ms.p99 == pytest.approx(99.01)
    assert summary.session_run_ms.p50 == 25.25


def test_before_the_first_part_there_is_nothing_to_tell() -> None:
    assert LatencyWindow().summary().frame_to_verdict_ms.p50 is None


def test_drops_do_not_make_the_line_look_fast_and_timeouts_count() -> None:
    """A drop is told within microseconds; a timeout takes the whole deadline."""
    window = LatencyWindow()
    unjudged = {"verdict": Verdict.UNDECIDED, "score": None, "session_run_ms": None}
    window.observe(took(0.01, outcome=Outcome.DROP, **unjudged))
    window.observe(took(0.01, reason="torn", **unjudged))
    assert window.summary().frame_to_verdict_ms.p50 is None
    window.observe(took(250.0, outcome=Outcome.TIMEOUT, **unjudged))
    assert window.summary().frame_to_verdict_ms.p50 == 250.0


def test_a_state_folder_belongs_to_one_process_at_a_time(tmp_path: Path) -> None:
    lock = StateLock(tmp_path / "state")
    with pytest.raises(SettingsInvalid, match="another station process"):
        StateLock(tmp_path / "state")
    lock.release()
    StateLock(tmp_path / "state").release()


def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsInvalid, match="state_dir"):
        StateLock(tmp_path / "file" / "state")
