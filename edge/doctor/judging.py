"""Model and camera, and whether they fit together."""

import time
from collections.abc import Iterator

from edge.bundle import load_detector
from edge.cameras.build import build_camera
from edge.cameras.protocol import Camera, NoFrame
from edge.cameras.settings import CameraSettings, PushCameraSettings
from edge.clock import SystemClock
from edge.contract.errors import FrameRejected
from edge.contract.frame import Frame
from edge.contract.signature import TrustedKeys
from edge.doctor.check import Check, Trouble, run_check
from edge.inference import Detector
from edge.station.bundles import ACCEPTED
from edge.station.settings import RecipeSettings, StationSettings

__all__ = ["check_judging"]

_PATIENCE_S = 10.0
_DARK, _BRIGHT = 5, 250  # grey levels of 255; a picture beyond is a cap on the lens, or light into it
_ROUNDS = 5


class _Found:
    """What one check leaves for the next."""

    def __init__(self) -> None:
        self.detector: Detector | None = None
        self.frame: Frame | None = None


def check_judging(settings: StationSettings, trusted: TrustedKeys) -> Iterator[Check]:
    """The bundle, the camera, and a frame of it judged by the bundle."""
    found = _Found()
    yield run_check(
        "model", lambda: _model(settings, trusted, found), "fetch the bundle again, or trust its signer: trusted_keys"
    )
    for other in settings.other_recipes:
        yield _check_other(settings, other, trusted)
    for camera in settings.cameras:
        if not isinstance(camera, PushCameraSettings):
            yield _check_camera(settings, camera, found)
    if found.detector is not None and found.frame is not None:
        yield run_check(
            "judging", lambda: _judging(settings, found), "train on pictures of this camera: same size, same format"
        )


def _model(settings: StationSettings, trusted: TrustedKeys, found: _Found) -> str:
    accepted = settings.state_dir / ACCEPTED
    path = accepted if settings.plant is not None and accepted.exists() else settings.bundle
    if path is None:
        return "none yet: the plant will send one"
    found.detector = load_detector(path, trusted, settings.inference, settings.recipe)
    return _told(found.detector, settings.recipe)


def _check_other(settings: StationSettings, other: RecipeSettings, trusted: TrustedKeys) -> Check:
    """The station does not start without the model of every part type."""

    def look() -> str:
        return _told(load_detector(other.bundle, trusted, settings.inference, other.name), other.name)

    return run_check(f"model {other.name}", look, "check `bundle` in other_recipes, or trust its signer: trusted_keys")


def _told(detector: Detector, recipe: str) -> str:
    return f"bundle {detector.bundle_id[:12]} for {recipe}: signed, intact, same scores here as at export"


def _check_camera(settings: StationSettings, camera: CameraSettings, found: _Found) -> Check:
    advice = "check cable, power and address; is it in use by another program?"
    name = "camera" if len(settings.cameras) == 1 else f"camera {camera.name}"
    return run_check(name, lambda: _camera(settings, camera, found), advice)


def _camera(settings: StationSettings, wanted: CameraSettings, found: _Found) -> str:
    camera = build_camera(wanted, SystemClock())
    try:
        camera.open()
        frame = _first_frame(camera)
    finally:
        camera.close()
    if frame is None:
        if settings.trigger.kind == "every":
            advice = "does it wait for its trigger line? Then trigger it, and ask again"
            raise Trouble(f"{camera.name}: connected, but no frame within {_PATIENCE_S:g} s", advice)
        return f"{camera.name}: connected, no frame"
    if frame.pixels is None:
        raise Trouble(f"{camera.name}: {frame.fault}", "check cable and bandwidth")
    found.frame = found.frame or frame
    return _described(camera.name, frame)


def _first_frame(camera: Camera) -> Frame | None:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        frame = camera.grab(0.5)
        if isinstance(frame, Frame):
            return frame
        if frame is NoFrame.END:
            return None
    return None


def _described(name: str, frame: Frame) -> str:
    assert frame.pixels is not None  # noqa: S101 - checked by the caller
    level = float(frame.pixels.mean()) / (1 if frame.pixels.itemsize == 1 else 257)
    height, width = frame.pixels.shape[:2]
    found = f"{name}: {width}x{height} px, mean grey level {level:.0f}"
    if not _DARK <= level <= _BRIGHT:
        raise Trouble(found, "is the cap on the lens, the light off, or the exposure wrong?")
    return found


def _judging(settings: StationSettings, found: _Found) -> str:
    if found.detector is None or found.frame is None or found.frame.pixels is None:
        return "nothing to judge"
    took: list[float] = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        judgement = found.detector.judge(found.frame.pixels)
        took.append(1000 * (time.perf_counter() - start))
    if judgement.score is None:
        raise FrameRejected(judgement.reason or "not judged")
    told = (
        f"{judgement.verdict}, score {judgement.score:.2f} at threshold {judgement.threshold:.2f}, {max(took):.0f} ms"
    )
    if max(took) > settings.deadline_ms:
        raise Trouble(f"{told}: slower than deadline_ms = {settings.deadline_ms:g}", "raise it, or use the fast tier")
    return told
