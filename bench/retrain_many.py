"""A night at a plant with hundreds of recipes: the plan and its cost first, then real trainings on a Ray cluster.

    PYTHONPATH=. .venv/bin/python bench/retrain_many.py [--recipes 200] [--urgent 20] [--beyond 10] [--stand-in]

The cluster is a head and two workers of one core each on this machine. Each recipe has rendered parts of its own, and
got labels since its last training: that of the first recipe is run before the plan is asked for, that of the others is
only written into the book of jobs, as long as the first took. Some recipes have the highest priority; the budget ends
before the last ones. `--stand-in` trains with the stand-in of the tests: plan, queue and cluster alone. Prints one JSON
line; exit 1 if a training failed, was left out, came in another order or beyond the budget.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
from sqlalchemy import func, select

from inspection.clock import utc_now
from inspection.jobs.book import JobKind, JobState, add_job
from inspection.jobs.commands import ModelCommands
from inspection.jobs.ray_settings import RaySettings
from inspection.plant import Plant, open_plant
from inspection.retraining.plan import SCHEDULE
from inspection.retraining.settings import RetrainingSettings
from inspection.store.tables import JobRow
from tests.support.plants import FAKE_MODELS, Person, give_tables, plant_settings, running, sign_in, train
from tests.support.ray_cluster import RayCluster, ray_cluster
from tests.support.textures import Image, good_part, scratch_of

GOODS, SCRATCHES, WORKERS = 20, 6, 2


def main() -> int:
    """Fill the plant, ask for the plan, start it, wait, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", type=int, default=200)
    parser.add_argument("--urgent", type=int, default=20, help="recipes of the highest priority, the last ones by name")
    parser.add_argument("--beyond", type=int, default=10, help="recipes for which the budget is not enough")
    parser.add_argument("--stand-in", action="store_true", help="train with the stand-in of the tests")
    options = parser.parse_args()
    commands = FAKE_MODELS if options.stand_in else ModelCommands()
    names = [f"part-{number:03}" for number in range(options.recipes)]
    urgent = names[len(names) - options.urgent :]
    with tempfile.TemporaryDirectory() as folder, ray_cluster() as cluster:
        minutes = _first_training(Path(folder) / "first", cluster, commands)
        budget_min = minutes * (len(names) - options.beyond + 0.5)
        plant = _plant(Path(folder) / "plant", cluster, budget_min, urgent, commands)
        with running(plant) as client:
            admin = sign_in(client)
            for number, name in enumerate(names):
                _fill(plant, admin, name, number, minutes)
            plan: dict[str, Any] = admin.get("/retraining").json()
            began = time.monotonic()
            started: list[str] = admin.post("/retraining").json()["jobs"]
            _wait(plant)
            took = (time.monotonic() - began) / 60
        told = _told(plant, plan, started, urgent) | {"first_min": round(minutes, 3), "took_min": round(took, 1)}
    print(json.dumps(told))
    wanted = len(names) - options.beyond
    right = told["succeeded"] == told["started"] == told["within_budget"] == wanted and told["urgent_first"]
    return 0 if right else 1


def _first_training(folder: Path, cluster: RayCluster, commands: ModelCommands) -> float:
    """Minutes of one by itself."""
    plant = _plant(folder, cluster, 0, [], commands)
    with running(plant) as client:
        admin = sign_in(client)
        _send(admin, "part", 0)
        job = train(admin, "part")
    if job["state"] != "succeeded":
        raise SystemExit(f"the first training: {job['error']}")
    began, ended = (datetime.fromisoformat(job[name]) for name in ("started_at", "finished_at"))
    return (ended - began) / timedelta(minutes=1)


def _plant(
    folder: Path, cluster: RayCluster, budget_min: float, urgent: Sequence[str], commands: ModelCommands
) -> Plant:
    settings = plant_settings(
        folder,
        ray=RaySettings(address=cluster.address, jobs_at_once=WORKERS),
        job_cores=1,
        retraining=RetrainingSettings(
            new_labels=SCRATCHES, budget_min=budget_min, priorities=dict.fromkeys(urgent, 9), check_every_s=86_400
        ),
    )
    give_tables(settings)
    return open_plant(settings, commands, utc_now)


def _fill(plant: Plant, admin: Person, recipe: str, number: int, minutes: float) -> None:
    """Good parts, a training of the night before, and labels since."""
    _send(admin, recipe, number)
    with plant.database.write() as session:
        row = add_job(session, JobKind.TRAIN, recipe, {}, "admin", plant.clock())
        row.state = JobState.SUCCEEDED.value
        row.started_at = plant.clock()
        row.finished_at = row.started_at + timedelta(minutes=minutes)
    for seed in range(SCRATCHES):
        picture = _encoded(scratch_of(10_000 + 100 * number + seed)[0])
        admin.send(f"/recipes/{recipe}/samples", picture, label="defect", defect_type="scratch").raise_for_status()


def _send(admin: Person, recipe: str, number: int) -> None:
    admin.post("/recipes", {"name": recipe}).raise_for_status()
    for seed in range(GOODS):
        picture = _encoded(good_part(100 * number + seed))
        admin.send(f"/recipes/{recipe}/samples", picture, label="good").raise_for_status()


def _encoded(image: Image) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def _wait(plant: Plant) -> None:
    under_way = select(func.count()).where(JobRow.state.in_([JobState.QUEUED.value, JobState.RUNNING.value]))
    while True:
        with plant.database.read() as session:
            if not session.scalar(under_way):
                return
        time.sleep(1)


def _told(plant: Plant, plan: dict[str, Any], started: Sequence[str], urgent: Sequence[str]) -> dict[str, Any]:
    with plant.database.read() as session:
        rows = list(session.scalars(select(JobRow).where(JobRow.user == SCHEDULE).order_by(JobRow.started_at)))
    first = {row.recipe for row in rows[: len(urgent)]}
    trained = [
        (row.finished_at - row.started_at).total_seconds() / 60 for row in rows if row.finished_at and row.started_at
    ]
    return {
        "recipes": len(plan["due"]),
        "within_budget": sum(due["fits"] for due in plan["due"]),
        "started": len(started),
        "succeeded": sum(row.state == JobState.SUCCEEDED.value for row in rows),
        "gate_passed": sum(bool((row.result or {}).get("gate", {}).get("passed")) for row in rows),
        "urgent_first": first == set(urgent),
        "plan_core_min": round(plan["core_min"], 1),
        "trained_core_min": round(sum(trained), 1),
        "plan_ends_in_min": round(plan["ends_in_min"], 1),
    }


if __name__ == "__main__":
    raise SystemExit(main())
