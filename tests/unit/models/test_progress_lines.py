"""Facts of progress: the lines that a service reads from a job."""

import json

import pytest

from models.evaluation.evaluate import EVALUATION_STEPS
from models.progress import Progress
from models.training.train import STEPS


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_each_line_tells_share_and_step_and_the_share_only_grows(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress({"reading": 1.0, "learning": 3.0}, as_json=True)
    assert list(progress.over("ab", "reading")) == ["a", "b"]
    list(progress.over(range(3), "learning"))
    assert told(capsys) == [
        {"progress": 0.12, "step": "reading"},
        {"progress": 0.25, "step": "reading"},
        {"progress": 0.5, "step": "learning"},
        {"progress": 0.75, "step": "learning"},
        {"progress": 1.0, "step": "learning"},
    ]


def test_a_long_step_tells_each_percent_once(capsys: pytest.CaptureFixture[str]) -> None:
    list(Progress({"long": 1.0}, as_json=True).over(range(10_000), "long"))
    assert len(told(capsys)) == 101


def test_a_step_without_items_counts_as_done(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress({"none": 1.0, "some": 1.0}, as_json=True)
    assert list(progress.over([], "none")) == []
    list(progress.over([1], "some"))
    assert told(capsys) == [{"progress": 1.0, "step": "some"}]


def test_it_tells_before_the_items_work_is_handed_back_to_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    """An item counts once its work is done, not when it is handed out."""
    steps = Progress({"step": 1.0}, as_json=True).over([1, 2], "step")
    next(steps)
    assert told(capsys) == []
    next(steps)
    assert [line["progress"] for line in told(capsys)] == [0.5]


def test_without_json_nothing_reaches_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    list(Progress({"step": 1.0}, as_json=False).over([1], "step"))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("steps", [STEPS, EVALUATION_STEPS])
def test_every_step_takes_some_time(steps: dict[str, float]) -> None:
    assert min(steps.values()) > 0
