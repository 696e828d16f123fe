"""From settings to a camera; the one place that knows every kind."""

from typing import assert_never

from edge.cameras.protocol import Camera
from edge.cameras.settings import (
    CameraSettings,
    FolderCameraSettings,
    GenicamCameraSettings,
    PushCameraSettings,
    SimulatedCameraSettings,
    StreamCameraSettings,
    UsbCameraSettings,
    VideoCameraSettings,
    WatchSettings,
)
from edge.clock import Clock
from edge.optional import require_package

__all__ = ["build_camera"]


def build_camera(settings: CameraSettings, clock: Clock) -> Camera:
    """The camera that the settings describe, not opened yet; only its own module is imported.

    Raises:
        SettingsInvalid: its package is not installed.
    """
    camera = _camera(settings, clock)
    if isinstance(settings, WatchSettings):
        from edge.cameras.watched import WatchedCamera  # noqa: PLC0415 - what is not used is not loaded

        return WatchedCamera(camera, settings, clock)
    return camera


def _camera(settings: CameraSettings, clock: Clock) -> Camera:  # noqa: PLR0911 - one for each kind
    wanted_by = f"camera {settings.name} (kind {settings.kind})"
    match settings:
        case FolderCameraSettings():
            from edge.cameras.folder import FolderCamera  # noqa: PLC0415 - a kind that is not used is not loaded

            return FolderCamera(settings, clock)
        case PushCameraSettings():
            from edge.cameras.push import PushCamera  # noqa: PLC0415 - the same

            return PushCamera(settings, clock)
        case VideoCameraSettings():
            require_package("av", "cameras", wanted_by)
            from edge.cameras.video import VideoCamera  # noqa: PLC0415 - the same

            return VideoCamera(settings, clock)
        case StreamCameraSettings():
            require_package("av", "cameras", wanted_by)
            from edge.cameras.stream import StreamCamera  # noqa: PLC0415 - the same

            return StreamCamera(settings, clock)
        case UsbCameraSettings():
            from edge.cameras.usb import UsbCamera  # noqa: PLC0415 - the same

            return UsbCamera(settings, clock)
        case GenicamCameraSettings():
            require_package("viva_genicam", "cameras", wanted_by)
            from edge.cameras.genicam import GenicamCamera  # noqa: PLC0415 - the same

            return GenicamCamera(settings, clock)
        case SimulatedCameraSettings():
            from edge.cameras.simulated import SimulatedCamera  # noqa: PLC0415 - the same

            return SimulatedCamera(settings, clock)
    assert_never(settings)
