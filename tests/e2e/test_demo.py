"""The main job, as a newcomer starts it: real cells, real training, plant and station as processes of their own."""

import json
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

PARTS = 100
SEEDS = (0, 1, 2, 3)
REFUSED = "the gate refused the new model"


@cache
def report() -> dict[str, Any]:
    """One run of the whole story: train, stream, review, retrain, gate, swap.

    Which parts are held out depends on the hour. In some the gate rightly refuses what so few labels teach, by name and
    with exit code 1; then other cells come down the line.
    """
    for seed in SEEDS:
        done = _demo(seed)
        if (done.returncode, REFUSED in done.stderr) != (1, True):
            break
    assert done.returncode == 0, done.stderr[-4000:]
    assert "CC BY-NC-SA" in done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _demo(seed: int) -> subprocess.CompletedProcess[str]:
    options = ["--headless", "--learn", "--json", "--parts", str(PARTS), "--seed", str(seed)]
    command = [sys.executable, "-m", "inspection", "demo", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.timeout(900)
def test_every_trigger_is_accounted_for_and_every_result_reaches_the_plant() -> None:
    found = report()
    assert found["triggers"] >= 2 * PARTS
    assert found["triggers"] == found["verdicts"] + found["timeouts"] + found["drops"]
    assert found["triggers"] == found["pass"] + found["fail"] + found["undecided"]
    assert found["plant_received"] == found["triggers"]
    assert found["plant_ledger"] == {key: found[key] for key in found["plant_ledger"]}


def test_the_truth_is_the_data_sets_and_the_model_ranks_by_it() -> None:
    found = report()
    assert (found["good_cells"], found["cracked_cells"]) == (70, 30)
    assert found["image_auroc"] > 0.8
    assert 0 <= found["escapes"] <= 30
    assert 0 <= found["overkill"] <= 70


def test_the_station_swapped_to_what_it_learnt_while_it_ran() -> None:
    found = report()
    assert found["bundle_after"] != found["bundle"]
    assert sum(found["labels"].values()) > 0
    before, after = found["before"], found["after"]
    assert (before["good"], before["cracked"]) == (after["good"], after["cracked"])
    assert before["good"] + before["cracked"] == PARTS // 2
    assert after["image_auroc"] > min(0.8, before["image_auroc"])  # fifty cells: some draws are hard to both


def test_latency_is_told_as_percentiles() -> None:
    for name in ("frame_to_verdict_ms", "session_run_ms"):
        assert 0 < report()[name]["p50"] <= report()[name]["p99"]
