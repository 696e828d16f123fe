"""From settings to a camera; the one place that knows every kind."""

from typing import assert_never

from edge.cameras.protocol import Camera
from edge.cameras.settings import CameraSettings, FolderCameraSettings, PushCameraSettings
from edge.clock import Clock

__all__ = ["build_camera"]


def build_camera(settings: CameraSettings, clock: Clock) -> Camera:
    """The camera that the settings describe, not opened yet; only its own module is imported."""
    match settings:
        case FolderCameraSettings():
            from edge.cameras.folder import FolderCamera  # noqa: PLC0415 - a kind that is not used is not loaded

            return FolderCamera(settings, clock)
        case PushCameraSettings():
            from edge.cameras.push import PushCamera  # noqa: PLC0415 - the same

            return PushCamera(settings, clock)
    assert_never(settings)
