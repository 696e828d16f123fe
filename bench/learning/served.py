"""From a click on "accept as good" to a station that runs the model: a real plant, a real station; prints JSON lines.

    PYTHONPATH=. .venv/bin/python bench/learning/served.py ../shared/data/magnetic_tile [--kinds fibre ring]

Kind by kind a plant with all good parts and half of each defect type, a champion trained there, and a station that
judges parts with a harmless mark and reports them. Twenty that failed are accepted, once the plant has their pictures.
"""

import argparse
import json
import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.learning.marks import MARKS, marked
from inspection.api.app import plant_app
from inspection.clock import utc_now
from inspection.jobs.commands import ModelCommands
from inspection.plant import open_plant
from tests.support.live_plants import served
from tests.support.plants import Person, add_station, give_tables, plant_settings, running, sign_in, train
from tests.support.stations import StationFolder, station_process

RECIPE = "tile"
ACCEPTED, MARKED = 20, 40
RATE_HZ = 1.5  # nothing is learnt from parts within half a second of one that is held out


def main() -> None:
    """A plant for each kind of mark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder in the MVTec layout")
    parser.add_argument("--kinds", nargs="+", choices=list(MARKS), default=list(MARKS))
    options = parser.parse_args()
    for kind in options.kinds:
        with tempfile.TemporaryDirectory() as temporary:
            print(json.dumps({"kind": kind, **_measured(options.data, Path(temporary), kind)}), flush=True)


def _measured(data: Path, folder: Path, kind: str) -> dict[str, Any]:
    settings = plant_settings(folder / "plant", acceptances_promote=True)
    give_tables(settings)
    plant = open_plant(settings, ModelCommands(), utc_now)
    with running(plant) as client, served(plant_app(plant)) as url:
        admin = sign_in(client)
        _teach(admin, data)
        champion = train(admin, RECIPE)["result"]["bundle_id"]
        admin.post(f"/recipes/{RECIPE}/promote", {"bundle_id": champion, "reason": "the first one"})
        with _station(folder, _marks(data, folder, kind), admin, url) as station:
            _wait(lambda: len(_failed(admin)) >= ACCEPTED)
            told = _accepted(admin, champion)
            station.stop(signal.SIGTERM)
    return told


def _accepted(admin: Person, champion: str) -> dict[str, Any]:
    """Accept, and look every twentieth of a second at what the station says that it runs, once a second."""
    ids = _failed(admin)[:ACCEPTED]
    started = time.monotonic()
    answer = admin.post(f"/recipes/{RECIPE}/acceptances", {"result_ids": ids, "reason": "harmless"})
    job: dict[str, Any] = {}

    def ended() -> bool:
        job.update(admin.get(f"/jobs/{answer.json()['job_id']}").json())
        return job["state"] in {"succeeded", "failed"}

    _wait(ended)
    job_s = time.monotonic() - started
    told: dict[str, Any] = {"asked": len(ids), "job": job["state"], "job_s": round(job_s, 1)}
    if job["state"] == "failed":
        return told | {"error": job["error"]}
    result = job["result"]
    told |= {key: result[key] for key in ("accepted", "passing", "defects")}
    told["gate_passed"] = result["gate"]["passed"]
    if not result["gate"]["passed"]:
        return told
    _wait(lambda: _runs(admin) != champion)
    return told | {"served_s": round(time.monotonic() - started, 1), "its_own": _runs(admin) == result["bundle_id"]}


def _runs(admin: Person) -> str | None:
    (station,) = admin.get("/stations").json()
    bundle: str | None = station["heartbeat"]["bundle_id"]
    return bundle


def _teach(admin: Person, data: Path) -> None:
    """Good parts, and half of each type as labelled defects."""
    admin.post("/recipes", {"name": RECIPE})
    for path in sorted((data / "train" / "good").iterdir()):
        admin.send(f"/recipes/{RECIPE}/samples", path.read_bytes(), label="good").raise_for_status()
    for kind in sorted(path for path in (data / "test").iterdir() if path.name != "good"):
        files = sorted(kind.iterdir())
        random.Random(0).shuffle(files)  # noqa: S311 - repeatable
        for path in files[: len(files) // 2]:
            named = {"label": "defect", "defect_type": kind.name}
            admin.send(f"/recipes/{RECIPE}/samples", path.read_bytes(), **named).raise_for_status()


def _marks(data: Path, folder: Path, kind: str) -> Path:
    """Good parts with a mark each."""
    files = sorted((data / "test" / "good").iterdir())
    random.Random(0).shuffle(files)  # noqa: S311 - repeatable
    frames = folder / "frames"
    frames.mkdir()
    for number, path in enumerate(files[:MARKED]):
        image = np.asarray(cv2.imread(str(path)), np.uint8)
        cv2.imwrite(str(frames / f"{number:03}.png"), marked(image, kind, number))
    return frames


@contextmanager
def _station(folder: Path, frames: Path, admin: Person, url: str) -> Iterator[Any]:
    """Fetches its model from the plant, judges the parts, reports them, and waits."""
    key = add_station(admin, "line-1", RECIPE)["Authorization"].removeprefix("Bearer ")
    (folder / "station").mkdir()
    made = StationFolder(folder / "station")
    settings = made.settings_file(
        station="line-1",
        recipe=RECIPE,
        bundle=None,
        deadline_ms=1000.0,
        trusted_keys=[admin.get("/keys/public").json()["public_key"]],
        camera={"kind": "folder", "folder": str(frames), "rate_hz": RATE_HZ},
        plant={"url": url, "api_key": key},
    )
    with station_process(settings) as station:
        yield station


def _failed(admin: Person) -> list[str]:
    """Failed parts whose pictures the plant has."""
    shown = admin.get("/review/queue", params={"recipe": RECIPE, "limit": 200}).json()["results"]
    return [row["result"]["id"] for row in shown if row["images"]]


def _wait(met: Callable[[], bool]) -> None:
    while not met():
        time.sleep(0.05)


if __name__ == "__main__":
    main()
