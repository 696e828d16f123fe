"""`inspection bench` on a real bundle, with a real station process for the memory."""

import json
from pathlib import Path

import pytest

from edge.__main__ import main
from tests.support.stations import StationFolder


@pytest.fixture
def folder(tmp_path: Path) -> StationFolder:
    return StationFolder(tmp_path)


def bench(folder: StationFolder, *arguments: str) -> int:
    """Few frames: this checks the report, not the machine."""
    return main(["bench", str(folder.bundle), "--trust", folder.key.public_text, "--frames", "20", *arguments])


def test_the_report_names_what_it_measured(folder: StationFolder, capsys: pytest.CaptureFixture[str]) -> None:
    """The ratio is that of the medians it reports; the memory is that of a process."""
    assert bench(folder, "--json", "--size", "320x240", "--threads", "1") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["bundle_id"], report["frames"], report["frame_size_px"]) == (folder.bundle_id, 20, [320, 240])
    assert report["threads"] == 1
    session, whole = report["session_run_ms"], report["frame_to_verdict_ms"]
    assert 0 < session["p50"] <= session["p99"]
    assert 0 < whole["p50"] <= whole["p99"]
    assert report["overhead_ratio"] == pytest.approx(whole["p50"] / session["p50"], rel=0.05)
    assert report["statistics_ratio"] > 0
    assert 20 < report["rss_mb"] < 400


def test_without_json_it_is_a_table(folder: StationFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(folder) == 0
    assert capsys.readouterr().out.startswith("bundle_id")


def test_a_bundle_that_must_not_run_answers_2(folder: StationFolder, capsys: pytest.CaptureFixture[str]) -> None:
    folder.bundle.write_bytes(b"torn")
    assert bench(folder) == 2
    assert "expected a bundle" in capsys.readouterr().err
