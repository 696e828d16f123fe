"""What `inspection retrain` tells."""

import httpx
import pytest

from inspection.client import PlantClient
from inspection.retraining.command import retrain, told
from inspection.retraining.plan import _ends_in

PLAN = {
    "due": [
        {"recipe": "a", "reasons": ["3 new labels"], "new_labels": 3, "minutes": 12, "priority": 9, "fits": True},
        {
            "recipe": "b",
            "reasons": ["drift"],
            "new_labels": 9,
            "minutes": 99,
            "priority": 5,
            "fits": False,
            "failed_at": "2026-03-02T08:00:00Z",
        },
    ],
    "spent_min": 7,
    "left_min": 50,
    "may_start": True,
    "promotes": False,
    "cores": 2,
    "at_once": 4,
    "core_min": 24,
    "ends_in_min": 12,
}


def _answer(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=PLAN) if request.method == "GET" else httpx.Response(201, json={"jobs": ["1"]})


@pytest.mark.parametrize(("plan_only", "started"), [(True, "started: 0"), (False, "started: 1")])
def test_the_plan_is_told_before_anything_starts(*, plan_only: bool, started: str) -> None:
    with PlantClient("http://plant.test", "ik_x", transport=httpx.MockTransport(_answer)) as client:
        lines = list(told(*retrain(client, plan_only=plan_only)))
    assert lines[1].split() == ["a", "9", "3", "12.0", "3", "new", "labels"]
    assert lines[2].endswith("drift (beyond the budget) (failed or cancelled lately: the schedule waits a day)")
    assert lines[3:] == [
        "due: 2, within the budget: 1",
        "cost: 12.0 min of training x 2 cores = 24.0 core minutes",
        "budget: 50.0 min left, 7.0 min spent or promised in the last 24 h",
        "done after 12.0 min with 4 at once",
        started,
    ]


@pytest.mark.parametrize(("minutes", "at_once", "ends"), [([], 2, 0), ([5, 5, 5], 1, 15), ([9, 4, 4, 2], 2, 10)])
def test_trainings_take_the_place_that_is_free_first(minutes: list[float], at_once: int, ends: float) -> None:
    assert _ends_in(minutes, at_once) == ends
