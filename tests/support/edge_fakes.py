"""Named fakes for the seams of a station, and the small values its tests are made of."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Lock

import cv2
import numpy as np

from edge.cameras.protocol import Camera, NoFrame
from edge.contract.errors import CameraLost, ContentRefused, FrameRejected, OutputFailed, PlantError
from edge.contract.frame import EncodedImage, Frame, Pixels
from edge.contract.ledger import LedgerCounts
from edge.contract.link import DesiredState, Heartbeat, IngestBatch, IngestReceipt
from edge.contract.manifest import Manifest
from edge.contract.result import InspectionResult, Outcome, Times, Verdict, new_result_id
from edge.inference import Judgement
from edge.outputs.protocol import LineState, Output
from tests.support.tiny_bundle import tiny_files, tiny_manifest

START = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE_S = 20.0


def eventually(condition: Callable[[], object]) -> None:
    """Wait until `condition` holds; fails the test after a generous time."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def grey(value: int = 128, size: tuple[int, int] = (64, 64)) -> Pixels:
    """A uniform frame, `(height, width)` pixels; 128 is a good part for the tiny bundle, 255 a bad one."""
    return np.full((*size, 3), value, np.uint8)


def png(value: int = 128, size: tuple[int, int] = (64, 64)) -> bytes:
    """The same as a PNG file."""
    ok, data = cv2.imencode(".png", grey(value, size))
    assert ok
    return data.tobytes()


def frame(part_id: str = "part-1", pixels: Pixels | None = None, received_us: int = 0, **changes: object) -> Frame:
    """A decoded frame; a good part unless told otherwise."""
    values = {"pixels": grey() if pixels is None else pixels, "encoded": None, "fault": None, **changes}
    return Frame(part_id=part_id, camera="camera", captured_at=START, received_us=received_us, **values)


def result(sequence: int = 1, verdict: Verdict = Verdict.PASS, **changes: object) -> InspectionResult:
    """A result as a station makes it."""
    values = {
        "id": new_result_id(),
        "station": "s1",
        "recipe": "part",
        "sequence": sequence,
        "part_id": f"part-{sequence}",
        "camera": "camera",
        "verdict": verdict,
        "outcome": Outcome.VERDICT,
        "captured_at": START,
        "times": Times(trigger_us=0, frame_received_us=0, verdict_us=2000),
        **changes,
    }
    return InspectionResult(**values)


class FakeClock:
    """Time that passes only when somebody sleeps or a test says so."""

    def __init__(self) -> None:
        self.us = 1_000_000
        self.slept: list[float] = []

    def now_us(self) -> int:
        """Monotonic microseconds."""
        return self.us

    def utc(self) -> datetime:
        """Moves with the monotonic clock."""
        return START + timedelta(microseconds=self.us)

    def sleep(self, seconds: float) -> None:
        """Return at once; the time has passed."""
        self.slept.append(seconds)
        self.us += round(seconds * 1e6)


class FakeDetector:
    """Judges by the first pixel: 128 is PASS, anything else FAIL; may be held up, refuse or break.

    Attributes:
        hold: while cleared, `judge` waits.
        hold_grey: the same for frames of one grey only; none if not set.
        judged: how many frames it took in.
        error: raised instead of judging.
    """

    def __init__(self, bundle_id: str = "b" * 64) -> None:
        self.bundle_id = bundle_id
        self.manifest: Manifest = tiny_manifest(tiny_files())
        self.hold = Event()
        self.hold.set()
        self.hold_grey: dict[int, Event] = {}
        self.judged = 0
        self.error: Exception | None = None

    def judge(self, pixels: Pixels) -> Judgement:
        """Judge one frame."""
        self.judged += 1
        assert self.hold.wait(PATIENCE_S)
        own = self.hold_grey.get(int(pixels[0, 0, 0]))
        assert own is None or own.wait(PATIENCE_S)
        if self.error is not None:
            raise self.error
        good = int(pixels[0, 0, 0]) == 128
        return Judgement(
            verdict=Verdict.PASS if good else Verdict.FAIL,
            score=0.0 if good else 2.0,
            threshold=1.0,
            defect_class=None,
            anomaly_map=np.zeros((64, 64), np.float32),
            inference_start_us=10,
            inference_end_us=1510,
        )


REJECTED = FrameRejected("frame: expected shape (H, W, 3), got (1,)")


class FakeCamera(Camera):
    """Delivers what a test put into `script`: frames, NoFrame, or CameraLost to raise; then NOT_YET for ever."""

    def __init__(self, script: list[Frame | NoFrame | CameraLost], lost_on_open: int = 0) -> None:
        self.name = "fake"
        self.script = script
        self.opened = self.closed = 0
        self._lost_on_open = lost_on_open

    def open(self) -> None:
        """Fail as often as the test wants, then connect."""
        if self._lost_on_open > 0:
            self._lost_on_open -= 1
            raise CameraLost("fake: not there")
        self.opened += 1

    def grab(self, timeout_s: float) -> Frame | NoFrame:
        """Give the next of the script."""
        if not self.script:
            time.sleep(min(timeout_s, 0.01))
            return NoFrame.NOT_YET
        item = self.script.pop(0)
        if isinstance(item, CameraLost):
            raise item
        return item

    def close(self) -> None:
        """Count it."""
        self.closed += 1


class FakeOutput(Output):
    """Keeps what it was sent; may refuse a number of tries or hang.

    Attributes:
        sent: results it took.
        states: what it was told of the station.
        forgotten: how often a result was given up.
        refuse: how many more tries fail.
        refuse_state: whether signs of life fail.
        free: while cleared, `send` hangs.
    """

    def __init__(self, name: str = "fake", refuse: int = 0) -> None:
        self.name = name
        self.sent: list[InspectionResult] = []
        self.states: list[LineState] = []
        self.forgotten = 0
        self.refuse = refuse
        self.refuse_state = False
        self.free = Event()
        self.free.set()
        self.closed = False

    def send(self, result: InspectionResult) -> None:
        """Take it, or not."""
        assert self.free.wait(PATIENCE_S)
        if self.refuse > 0:
            self.refuse -= 1
            raise OutputFailed(f"output {self.name}: busy")
        self.sent.append(result)

    def forget(self) -> None:
        """Count it."""
        self.forgotten += 1

    def attend(self, state: LineState) -> None:
        """Remember how the station is."""
        if self.refuse_state:
            raise OutputFailed(f"output {self.name}: away")
        self.states.append(state)

    def close(self) -> None:
        """Remember it."""
        self.closed = True


class FakePlant:
    """A plant service in memory, by the link protocol.

    Attributes:
        results: by id; a second arrival changes nothing.
        arrivals: every id that ever arrived, repeated ones too.
        images: by SHA-256.
        fail: raised by the next requests, first one first.
        poison: part ids whose results it refuses.
        desired: what it answers to a heartbeat.
        bundles: files by id.
    """

    def __init__(self) -> None:
        self.results: dict[str, InspectionResult] = {}
        self.arrivals: list[str] = []
        self.images: dict[str, EncodedImage] = {}
        self.fail: list[PlantError] = []
        self.poison: set[str] = set()
        self.poisoned_images: set[str] = set()
        self.desired = DesiredState(recipe="part")
        self.bundles: dict[str, bytes] = {}
        self.heartbeats: list[Heartbeat] = []
        self.fetched = 0
        self._lock = Lock()

    def ingest(self, batch: IngestBatch) -> IngestReceipt:
        """Store what is new."""
        self._maybe_fail()
        bad = [r.part_id for r in batch.results if r.part_id in self.poison]
        if bad:
            raise ContentRefused(f"parts {bad} are poisoned")
        with self._lock:
            known = [r for r in batch.results if r.id in self.results]
            self.arrivals += [r.id for r in batch.results]
            self.results |= {r.id: r for r in batch.results}
            wanted = {ref.sha256 for r in batch.results for ref in r.images} - set(self.images)
        return IngestReceipt(
            stored=len(batch.results) - len(known), known=len(known), images_wanted=tuple(sorted(wanted))
        )

    def put_image(self, sha256: str, image: EncodedImage) -> None:
        """Store it."""
        self._maybe_fail()
        if sha256 in self.poisoned_images:
            raise ContentRefused(f"image {sha256} is poisoned")
        self.images[sha256] = image

    def heartbeat(self, heartbeat: Heartbeat) -> DesiredState:
        """Answer what is desired."""
        self._maybe_fail()
        self.heartbeats.append(heartbeat)
        return self.desired

    def fetch_bundle(self, bundle_id: str, target: Path) -> None:
        """Write the file."""
        self._maybe_fail()
        self.fetched += 1
        target.write_bytes(self.bundles[bundle_id])

    def _maybe_fail(self) -> None:
        if self.fail:
            raise self.fail.pop(0)


def heartbeat() -> Heartbeat:
    """The heartbeat of a station that just started."""
    return Heartbeat(
        sent_at=START, version="0", recipe="part", ledger=LedgerCounts(), camera_connected=True, deadline_ms=100.0
    )
