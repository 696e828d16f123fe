"""A real plant in a temporary folder: real SQLite, real files, real processes; only `models` is the named fake."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from edge.contract.ledger import LedgerCounts
from edge.contract.link import Heartbeat
from edge.contract.result import ImageKind, ImageRef, InspectionResult, Outcome, Times, Verdict, new_result_id
from inspection.api.access import CSRF_HEADER
from inspection.api.app import plant_app
from inspection.jobs.commands import ModelCommands
from inspection.people import users
from inspection.people.roles import Role
from inspection.people.users import add_user
from inspection.plant import Plant, open_plant
from inspection.settings import PlantSettings
from inspection.store.database import Database
from tests.support.databases import default_database
from tests.support.warm_models import warm_models

ADMIN_PASSWORD = "correct-horse-battery"
FAKE_MODELS = ModelCommands((sys.executable, "-m", "tests.support.fake_models"))
API = "/api/v1"


@dataclass
class ManualClock:
    """A clock that stands still until told."""

    now: datetime = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time that it shows."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass
class Person:
    """A signed-in browser of `client`'s plant, with its own cookies."""

    client: TestClient
    name: str
    csrf: str = field(repr=False)

    def get(self, path: str, **options: Any) -> Any:
        """Read."""
        return self.client.get(API + path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> Any:
        """Change, with the header that proves the page is ours."""
        return self.client.post(API + path, json=json, headers={CSRF_HEADER: self.csrf}, **options)

    def patch(self, path: str, json: Any) -> Any:
        """Change."""
        return self.client.patch(API + path, json=json, headers={CSRF_HEADER: self.csrf})

    def put(self, path: str, json: Any) -> Any:
        """Set."""
        return self.client.put(API + path, json=json, headers={CSRF_HEADER: self.csrf})

    def delete(self, path: str) -> Any:
        """Take away."""
        return self.client.delete(API + path, headers={CSRF_HEADER: self.csrf})

    def send(self, path: str, data: bytes, **params: Any) -> Any:
        """Post a file as the raw body."""
        return self.client.post(API + path, content=data, params=params, headers={CSRF_HEADER: self.csrf})


def plant_settings(folder: Path, **changes: Any) -> PlantSettings:
    """Settings with a known admin password; no part is drawn by chance unless a test asks for it."""
    folder.mkdir(parents=True, exist_ok=True)
    password = folder / "password.txt"
    password.write_text(ADMIN_PASSWORD, "utf-8")
    for share in ("audit_escapes_at_most", "review_second_share", "review_known_share"):
        changes.setdefault(share, 0)
    if "database_url" not in changes:
        changes |= default_database(folder)
    return PlantSettings(data_dir=folder / "data", admin_password_file=password, **changes)


def settings_file(path: Path, plant: Plant, url: str | None = None) -> Path:
    """Write the PLANT.toml of a plant, for commands; `url` names another database."""
    settings = plant.settings
    lines = [f'data_dir = "{settings.data_dir}"']
    if settings.database_url is not None:
        lines.append(f'database_url = "{url or settings.database_url}"')
        lines.append(f'database_password_file = "{settings.database_password_file}"')
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def new_plant(folder: Path, clock: ManualClock | None = None, **changes: Any) -> Plant:
    """Open a plant; the caller closes it or lets an application do so."""
    settings = plant_settings(folder, **changes)
    give_tables(settings)
    return open_plant(settings, ModelCommands(warm_models()), clock or ManualClock())


def give_tables(settings: PlantSettings) -> None:
    """Put a migrated, empty SQLite file where a plant has none yet: twenty migrations take longer than most tests."""
    file = settings.data_dir / "plant.sqlite3"
    if settings.database_url is None and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(migrated_tables())


@cache
def migrated_tables() -> bytes:
    """What such a file holds."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "plant.sqlite3"
        Database(file).close()
        return file.read_bytes()


@contextmanager
def quick_passwords() -> Iterator[None]:
    """Hash passwords with little memory: what a guesser should pay is no part of most tests, and is half their time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(users, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@contextmanager
def running(plant: Plant) -> Iterator[TestClient]:
    """The plant's application in this process, its job worker running, without a socket."""
    with TestClient(plant_app(plant), base_url="http://plant.test") as client:
        yield client


def sign_in(client: TestClient, name: str = "admin", password: str = ADMIN_PASSWORD) -> Person:
    """Sign in with cookies of one's own, beside others of the same application."""
    browser = TestClient(client.app, base_url="http://plant.test")
    answer = browser.post(f"{API}/login", json={"name": name, "password": password})
    assert answer.status_code == 200, answer.text
    return Person(browser, name, answer.json()["csrf"])


def person_with(plant: Plant, client: TestClient, role: Role) -> Person:
    """A new user of this role, signed in."""
    with plant.database.write() as session:
        add_user(session, f"some-{role}", ADMIN_PASSWORD, role, plant.clock())
    return sign_in(client, f"some-{role}")


def add_station(person: Person, name: str = "line-1", recipe: str = "part") -> dict[str, str]:
    """Make recipe and station; returns the headers that the station sends."""
    person.post("/recipes", {"name": recipe})
    answer = person.post("/stations", {"name": name, "recipe": recipe})
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['api_key']}"}


def png(seed: int = 0, size: int = 32) -> bytes:
    """A PNG file; another seed gives other bytes."""
    pixels = np.random.default_rng(seed).integers(90, 160, (size, size, 3), np.uint8)
    return bytes(cv2.imencode(".png", pixels)[1].tobytes())


def image_ref(data: bytes, kind: ImageKind = ImageKind.FRAME) -> ImageRef:
    """How a result names an image."""
    return ImageRef(kind=kind, sha256=sha256(data).hexdigest(), media_type="image/png", size_bytes=len(data))


def a_result(verdict: Verdict = Verdict.FAIL, images: tuple[ImageRef, ...] = (), **changes: Any) -> InspectionResult:
    """A plausible result; `changes` replace fields."""
    fields: dict[str, Any] = {
        "id": new_result_id(),
        "station": "line-1",
        "recipe": "part",
        "sequence": 1,
        "part_id": "P-0001",
        "camera": "top",
        "verdict": verdict,
        "outcome": Outcome.VERDICT,
        "reason": "the frame could not be decoded" if verdict is Verdict.UNDECIDED else None,
        "score": None if verdict is Verdict.UNDECIDED else 2.5,
        "threshold": 1.0,
        "bundle_id": "b" * 64,
        "captured_at": datetime(2026, 3, 2, 7, 59, tzinfo=UTC),
        "session_run_ms": 8.1,
        "times": Times(trigger_us=0, frame_received_us=1000, verdict_us=12_000),
        "images": images,
    }
    return InspectionResult(**{**fields, **changes})


def send_results(client: TestClient, key: dict[str, str], *results: InspectionResult) -> Any:
    """Post a batch as the station does."""
    body = {"results": [result.model_dump(mode="json") for result in results]}
    return client.post(f"{API}/ingest/results", json=body, headers=key)


def send_image(client: TestClient, key: dict[str, str], data: bytes) -> Any:
    """Put an image as the station does."""
    return client.put(f"{API}/ingest/images/{sha256(data).hexdigest()}", content=data, headers=key)


def a_heartbeat(**changes: Any) -> Heartbeat:
    """A heartbeat of a station that judged ten parts."""
    fields: dict[str, Any] = {
        "sent_at": datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
        "version": "0.1.0",
        "recipe": "part",
        "ledger": LedgerCounts(triggers=10, verdicts=9, timeouts=1, passed=7, failed=2, undecided=1),
        "camera_connected": True,
        "deadline_ms": 100.0,
    }
    return Heartbeat(**{**fields, **changes})


def wait_for_job(person: Person, job_id: str, *states: str) -> dict[str, Any]:
    """The job once it is in one of these states (by default: ended)."""
    ended = states or ("succeeded", "failed", "cancelled")
    while True:  # bounded by the test's timeout
        job: dict[str, Any] = person.get(f"/jobs/{job_id}").json()
        if job["state"] in ended:
            return job
        time.sleep(0.05)


def add_samples(person: Person, recipe: str, goods: range, defects: range = range(0)) -> None:
    """Make the recipe if needed, and upload images; other numbers give other images."""
    person.post("/recipes", {"name": recipe})
    for number in goods:
        person.send(f"/recipes/{recipe}/samples", png(number), label="good")
    for number in defects:
        person.send(f"/recipes/{recipe}/samples", png(number), label="defect", defect_type="scratch")


def train(person: Person, recipe: str) -> dict[str, Any]:
    """Run a training to its end."""
    answer = person.post("/jobs", {"kind": "train", "recipe": recipe})
    assert answer.status_code == 201, answer.text
    return wait_for_job(person, answer.json()["id"])
