"""Facts of cameras that say they are fine but are not."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from pydantic import SecretStr

from edge.cameras.build import build_camera
from edge.cameras.protocol import NoFrame
from edge.cameras.settings import CameraSettings, GenicamCameraSettings, StreamCameraSettings, WatchSettings
from edge.cameras.watched import WatchedCamera
from edge.contract.errors import CameraLost, SettingsInvalid
from edge.contract.frame import Frame
from tests.support.edge_fakes import FakeCamera, FakeClock, frame, grey


def noisy(seed: int) -> Frame:
    """A frame of a living sensor."""
    return frame(pixels=np.random.default_rng(seed).integers(0, 255, (64, 64, 3), np.uint8))


def watched(script: list[Frame | NoFrame | CameraLost], clock: FakeClock, **settings: float) -> WatchedCamera:
    """An open camera."""
    camera = WatchedCamera(FakeCamera(script), WatchSettings(**settings), clock)
    camera.open()
    return camera


def test_a_camera_without_frames_is_given_up() -> None:
    clock = FakeClock()
    camera = watched([noisy(1)], clock, stale_after_s=2.0)
    camera.grab(0.0)
    clock.sleep(1.9)
    assert camera.grab(0.0) is NoFrame.NOT_YET
    clock.sleep(0.2)
    with pytest.raises(CameraLost, match=r"fake: no frame for 2\.1 s"):
        camera.grab(0.0)


def test_a_frozen_camera_is_given_up_after_as_many_identical_frames() -> None:
    camera = watched([noisy(1)] * 4, FakeClock(), frozen_frames=3)
    for _ in range(3):
        camera.grab(0.0)
    with pytest.raises(CameraLost, match="frozen, 4 identical frames"):
        camera.grab(0.0)


def test_frames_that_differ_a_little_are_not_frozen() -> None:
    """One noisy pixel somewhere in the compared rows and columns is enough."""
    same = [noisy(1), noisy(2)] * 5
    camera = watched(same, FakeClock(), frozen_frames=1)
    for _ in same:
        camera.grab(0.0)


def test_after_connecting_again_the_count_starts_anew() -> None:
    camera = watched([noisy(1)] * 4, FakeClock(), frozen_frames=3)
    for _ in range(3):
        camera.grab(0.0)
    camera.close()
    camera.open()
    assert isinstance(camera.grab(0.0), Frame)


def test_a_scene_that_never_changes_is_allowed_where_the_settings_say_so() -> None:
    """Compressed streams of a still scene repeat themselves."""
    still = [frame(pixels=grey())] * 500
    camera = watched(still, FakeClock())
    for _ in still:
        camera.grab(0.0)


def test_a_garbled_frame_is_passed_on() -> None:
    garbled = replace(noisy(1), pixels=None, fault="garbled")
    assert watched([garbled], FakeClock(), frozen_frames=1).grab(0.0) is garbled


@pytest.mark.parametrize(
    ("package", "settings"),
    [
        ("av", StreamCameraSettings(kind="stream", url=SecretStr("rtsp://x"))),
        ("viva_genicam", GenicamCameraSettings(kind="genicam")),
    ],
)
def test_a_package_that_is_not_installed_is_named_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, package: str, settings: CameraSettings
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SettingsInvalid, match=rf"needs {package}, .*'inspection\[cameras\]'"):
        build_camera(settings, FakeClock())
