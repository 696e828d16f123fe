"""Measuring a bundle: the bare onnxruntime session against the station's whole path, in turn, in one process."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

import cv2
import numpy as np

from edge.bundle import load_detector
from edge.clock import SystemClock
from edge.contract.errors import DataInvalid, FrameRejected
from edge.contract.frame import Frame, Pixels
from edge.contract.manifest import PreprocessSpec, Roi
from edge.contract.result import InspectionResult
from edge.contract.signature import TrustedKeys
from edge.inference import Detector, InferenceSettings
from edge.preprocess import NetworkInput, encode_png, image_statistics, preprocess
from edge.station.ledger import Ledger
from edge.station.line import Line, LineSettings, Settled
from edge.station.recipes import OneRecipe
from edge.version import software_version
from edge.window import percentiles

__all__ = ["measure_bundle"]

_WARM_UP = 20
_ANSWER_S = 60.0
_DEADLINE_MS = 30_000.0  # far away: this measures, it does not judge
_MEMORY_FRAMES = 30
_SWITCH_INTERVAL_S = 0.0005  # as `edge run` has it


def measure_bundle(
    bundle: Path, trusted: TrustedKeys, settings: InferenceSettings, frames: int, size: tuple[int, int] | None
) -> dict[str, object]:
    """Measure one bundle.

    Args:
        bundle: the file.
        trusted: keys whose bundles may run.
        settings: threads and providers.
        frames: how many frames to measure, after some to warm up.
        size: width and height of a frame in pixels; that of the training images if None.

    Returns:
        `session_run_ms` (bare session) and `frame_to_verdict_ms` with p50 and p99, `overhead_ratio` of their medians,
        `statistics_ratio` of the image statistics' median and the bare session's, `rss_mb` of a station process, and
        what was measured.

    Raises:
        BundleRefused: it must not run.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    detector = load_detector(bundle, trusted, settings)
    width, height = size or _training_size(detector)
    pixels = _frame(width, height, detector.manifest.preprocess)
    bare, whole, inside = _in_turn(detector, pixels, frames)
    statistics_ms = _statistics_ms(detector, pixels, frames)
    return {
        "bundle_id": detector.bundle_id,
        "recipe": detector.manifest.recipe,
        "frames": frames,
        "frame_size_px": [width, height],
        "threads": settings.threads or os.cpu_count(),
        "session_run_ms": _summary(bare),
        "frame_to_verdict_ms": _summary(whole),
        "session_run_in_station_ms": _summary(inside),
        "overhead_ratio": round(statistics.median(whole) / statistics.median(bare), 3),
        "statistics_ratio": round(statistics.median(statistics_ms) / statistics.median(bare), 4),
        "rss_mb": _station_rss_mb(bundle, trusted, settings, (detector.manifest.recipe, pixels)),
        "version": software_version(),
    }


def _in_turn(detector: Detector, pixels: Pixels, frames: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of the bare session, of the station's path, and of the session inside the path."""
    batch = _prepare(pixels, detector).tiles
    bare, whole, inside = [], [], []
    answers: SimpleQueue[InspectionResult] = SimpleQueue()
    with _line(detector) as line:
        for index in range(frames + _WARM_UP):
            start = time.perf_counter_ns()
            detector.run(batch)
            run_ms = (time.perf_counter_ns() - start) / 1e6
            result = _through(line, pixels, index, answers)
            if index >= _WARM_UP:
                bare.append(run_ms)
                whole.append(result.frame_to_verdict_ms or 0.0)
                inside.append(result.session_run_ms or 0.0)
    return bare, whole, inside


def _statistics_ms(detector: Detector, pixels: Pixels, frames: int) -> list[float]:
    """Milliseconds that the image statistics take, which are inside the station's path."""
    spec, taken = detector.manifest.preprocess, []
    prepared = _prepare(pixels, detector)
    for _ in range(frames):
        start = time.perf_counter_ns()
        image_statistics(prepared, spec)
        taken.append((time.perf_counter_ns() - start) / 1e6)
    return taken


def _prepare(pixels: Pixels, detector: Detector) -> NetworkInput:
    try:
        return preprocess(pixels, detector.manifest.preprocess)
    except FrameRejected as error:
        raise DataInvalid(f"the frame to measure with was not judged: {error}") from error


def _through(line: Line, pixels: Pixels, index: int, answers: "SimpleQueue[InspectionResult]") -> InspectionResult:
    clock = SystemClock()
    frame = Frame(pixels, f"bench-{index}", "bench", clock.utc(), clock.now_us())
    line.submit(frame, answers.put)
    try:
        result = answers.get(timeout=_ANSWER_S)
    except Empty as error:
        raise DataInvalid(f"no verdict within {_ANSWER_S:g} s") from error
    if result.score is None:
        raise DataInvalid(f"frame of {pixels.shape[1]}x{pixels.shape[0]} px was not judged: {result.reason}")
    return result


@contextmanager
def _line(detector: Detector) -> Iterator[Line]:
    settings = LineSettings("bench", _DEADLINE_MS, inbox_size=4)
    line = Line(settings, Ledger(), OneRecipe(detector), _forget, SystemClock())
    line.start()
    try:
        yield line
    finally:
        line.stop()


def _forget(_: Settled) -> None:
    """Nothing follows the verdict here."""


def _training_size(detector: Detector) -> tuple[int, int]:
    spec = detector.manifest.preprocess
    return spec.frame_width_px or spec.width_px, spec.frame_height_px or spec.height_px


def _frame(width: int, height: int, spec: PreprocessSpec) -> Pixels:
    """Noise; where parts are aligned, with the golden image in its ROI, or nothing would be found to judge."""
    frame = np.random.default_rng(0).integers(96, 160, (height, width, 3), dtype=np.uint8)
    if spec.alignment is not None:
        roi = spec.roi or Roi(x_px=0, y_px=0, width_px=width, height_px=height)
        size = (min(roi.width_px, width - roi.x_px), min(roi.height_px, height - roi.y_px))
        golden = cv2.resize(spec.alignment.golden.pixels(), size, interpolation=cv2.INTER_LINEAR)
        frame[roi.y_px : roi.y_px + size[1], roi.x_px : roi.x_px + size[0]] = golden[..., np.newaxis]
    return frame


def _summary(values_ms: Sequence[float]) -> dict[str, float | None]:
    return percentiles(values_ms).model_dump()


def _station_rss_mb(
    bundle: Path, trusted: TrustedKeys, settings: InferenceSettings, part: tuple[str, Pixels]
) -> float | None:
    """Memory of a real station process while it judges; None where the system does not tell (only Linux does)."""
    recipe, pixels = part
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "frames").mkdir()
        (folder / "frames" / "0.png").write_bytes(encode_png(pixels).data)
        toml = folder / "station.toml"
        toml.write_text(_station_toml(bundle, trusted, settings, recipe), "utf-8")
        command = [sys.executable, "-m", "edge", "run", str(toml), "--log-level", "ERROR"]
        with subprocess.Popen(command) as process:
            try:
                _wait_for_lines(folder / "results.jsonl", process)
                return _rss_mb(process.pid)
            finally:
                process.terminate()


def _station_toml(bundle: Path, trusted: TrustedKeys, settings: InferenceSettings, recipe: str) -> str:
    # A JSON string or list of strings is a TOML one too.
    return f"""
station = "bench"
recipe = {json.dumps(recipe)}
state_dir = "state"
bundle = {json.dumps(str(bundle.resolve()))}
trusted_keys = {json.dumps(list(trusted.texts))}
deadline_ms = {_DEADLINE_MS}
inference = {{ threads = {settings.threads}, providers = {json.dumps(list(settings.providers))} }}
camera = {{ kind = "folder", folder = "frames", loop = true, rate_hz = 20.0 }}
outputs = [{{ kind = "log", path = "results.jsonl" }}]
api = {{ port = 0 }}
"""


def _wait_for_lines(path: Path, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _ANSWER_S
    while time.monotonic() < end and process.poll() is None:
        if path.exists() and path.read_bytes().count(b"\n") >= _MEMORY_FRAMES:
            return
        time.sleep(0.05)
    raise DataInvalid(f"the station process judged no {_MEMORY_FRAMES} frames (exit code {process.poll()})")


def _rss_mb(pid: int) -> float | None:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    for line in status.read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    return None
