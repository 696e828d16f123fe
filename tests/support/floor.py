"""A plant with a station that reports what it is told, for the browser tests."""

import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
from playwright.sync_api import Page, ViewportSize

from edge.contract.ledger import LedgerCounts
from edge.contract.link import Heartbeat, LatencySummary, LivePicture, Percentiles
from edge.contract.result import ImageKind, InspectionResult, Verdict
from edge.contract.signature import SigningKey
from tests.support.plain_http import NO_CERTIFICATES
from tests.support.plants import ADMIN_PASSWORD, a_heartbeat, a_result, image_ref, png
from tests.support.tiny_bundle import write_tiny_bundle

__all__ = ["JOB_MS", "LARGE", "PHONE", "SMALL", "TABLET", "Floor", "fits", "sign_in_page"]

SMALL, LARGE = ViewportSize(width=1024, height=600), ViewportSize(width=1440, height=900)
TABLET, PHONE = ViewportSize(width=768, height=1024), ViewportSize(width=390, height=844)
JOB_MS = 60_000  # a busy machine may take that long to start two processes


class Floor:
    """A plant with a station that reports what it is told."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self.folder = folder
        self.http = httpx.Client(base_url=f"{address}/api/v1", timeout=30, verify=NO_CERTIFICATES)
        answer = self.http.post("/login", json={"name": "admin", "password": ADMIN_PASSWORD}).json()
        self.http.headers["X-CSRF-Token"] = answer["csrf"]
        for recipe in ("part", "hangs"):
            self.http.post("/recipes", json={"name": recipe}).raise_for_status()
            for number in range(8):
                self.http.post(f"/recipes/{recipe}/samples?label=good", content=png(number)).raise_for_status()
        key = self.http.post("/stations", json={"name": "line-1", "recipe": "part"}).json()["api_key"]
        self.station = httpx.Client(
            base_url=f"{address}/api/v1", timeout=30, verify=NO_CERTIFICATES, headers={"Authorization": f"Bearer {key}"}
        )

    def close(self) -> None:
        """Let go of the connections."""
        self.http.close()
        self.station.close()

    def report(self, part: str, verdict: Verdict = Verdict.FAIL, seed: int = 50, **changes: Any) -> InspectionResult:
        """Send a result with its frame and map."""
        frame, overlay = png(seed, 200), png(seed + 1000, 64)
        refs = (image_ref(frame), image_ref(overlay, ImageKind.OVERLAY))
        result = a_result(verdict, refs, part_id=part, **changes)
        batch = {"results": [result.model_dump(mode="json")]}
        wanted = self.station.post("/ingest/results", json=batch).raise_for_status().json()["images_wanted"]
        for data, ref in zip((frame, overlay), refs, strict=True):
            if ref.sha256 in wanted:
                self.station.put(f"/ingest/images/{ref.sha256}", content=data).raise_for_status()
        return result

    def beat(self, result: InspectionResult) -> None:
        """Send a heartbeat with this result as the last picture."""
        jpeg = cv2.imencode(".jpg", np.full((120, 160, 3), 128, np.uint8))[1].tobytes()
        overlay = b64encode(png(9, 64)).decode()
        beat = a_heartbeat(
            sent_at=datetime.now(UTC),  # an hour that differs is an alert, half a minute later
            ledger=LedgerCounts(triggers=10, verdicts=9, timeouts=1, passed=7, failed=2, undecided=1),
            latency=LatencySummary(frame_to_verdict_ms=Percentiles(p50=9.5, p99=14.2)),
            picture=LivePicture(result=result, frame_jpeg_base64=b64encode(jpeg).decode(), overlay_png_base64=overlay),
        )
        self.send(beat)

    def send(self, beat: Heartbeat) -> None:
        """Send a heartbeat."""
        self.station.post("/stations/me/heartbeat", json=beat.model_dump(mode="json")).raise_for_status()

    def add_model(self, recipe: str, **changes: Any) -> str:
        """Upload a bundle that the plant's own key signed; its id."""
        key = SigningKey.load_or_create(self.folder / "data" / "keys" / "signing_key.pem")
        path = self.folder / "made.bundle"
        bundle_id = write_tiny_bundle(path, key, recipe, **changes)
        self.http.post(f"/recipes/{recipe}/bundles", content=path.read_bytes()).raise_for_status()
        return bundle_id

    def train_and_promote(self, recipe: str) -> None:
        """Make a champion, as an engineer does."""
        body = {"bundle_id": self.train(recipe), "reason": "the first one"}
        self.http.post(f"/recipes/{recipe}/promote", json=body).raise_for_status()

    def train(self, recipe: str) -> str:
        """Run a training to its end; the bundle's id."""
        job = self.http.post("/jobs", json={"kind": "train", "recipe": recipe}).raise_for_status().json()
        deadline = time.monotonic() + JOB_MS / 1000
        while job["state"] in {"queued", "running"} and time.monotonic() < deadline:
            time.sleep(0.05)
            job = self.http.get(f"/jobs/{job['id']}").raise_for_status().json()
        return str(job["result"]["bundle_id"])

    def say_as(self, name: str, result: InspectionResult, label: str, **more: Any) -> None:
        """Label a result as another inspector, who is made for it."""
        with self.inspector(name) as other:
            other.post("/labels", json={"result_id": result.id, "label": label, **more}).raise_for_status()

    @contextmanager
    def inspector(self, name: str) -> Iterator[httpx.Client]:
        """Another inspector, who is made for it and signed in."""
        body = {"name": name, "role": "inspector", "password": ADMIN_PASSWORD}
        self.http.post("/users", json=body).raise_for_status()
        with httpx.Client(base_url=f"{self.address}/api/v1", verify=NO_CERTIFICATES) as other:
            csrf = other.post("/login", json={"name": name, "password": ADMIN_PASSWORD}).json()["csrf"]
            other.headers["X-CSRF-Token"] = csrf
            yield other

    def labels(self, result: InspectionResult) -> list[str]:
        """What stands on a result."""
        shown = self.http.get(f"/results/{result.id}").json()["labels"]
        return [f"{row['label']}:{row['defect_type'] or '-'}" for row in shown]


def sign_in_page(page: Page) -> None:
    """As a person does."""
    page.goto("/login")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


def fits(page: Page) -> bool:
    """Whether nothing is cut off at the right, on a panel PC and on a desk's screen."""
    found = []
    for size in (LARGE, SMALL):
        page.set_viewport_size(size)
        found.append(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
    return all(found)
