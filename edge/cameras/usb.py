"""A USB or built-in camera by Video4Linux, through OpenCV."""

from collections.abc import Callable, Iterator
from typing import Any

import cv2

from edge.cameras.framing import Framing
from edge.cameras.pixels import RawFormat, raw_to_rgb, to_rgb
from edge.cameras.protocol import Camera, NoFrame
from edge.cameras.settings import UsbCameraSettings
from edge.clock import Clock
from edge.contract.errors import CameraLost, FrameRejected
from edge.contract.frame import Frame, Pixels

__all__ = ["UsbCamera"]

_MANUAL, _OFF = 1, 0  # V4L2_EXPOSURE_MANUAL; OpenCV passes V4L2's own numbers on


class UsbCamera(Camera):
    """Delivers each frame as it comes. `grab` waits for the driver, up to its own ten seconds."""

    def __init__(
        self,
        settings: UsbCameraSettings,
        clock: Clock,
        capture: Callable[[str], Any] = lambda device: cv2.VideoCapture(device, cv2.CAP_V4L2),
    ) -> None:
        """Prepare; `capture` opens the device."""
        self.name = settings.name
        self._settings = settings
        self._framing = Framing(settings.name, clock)
        self._open_device = capture
        self._device: Any = None
        self._raw: RawFormat | None = None  # of the device that is open

    def open(self) -> None:
        """Open the device and set it up.

        Raises:
            CameraLost: no such device, or it does not take a setting.
        """
        self._device = self._open_device(self._settings.device)
        if not self._device.isOpened():
            raise CameraLost(f"camera {self.name}: cannot open {self._settings.device}")
        for name, prop, value in self._wanted():
            if not self._device.set(prop, value):
                raise CameraLost(f"camera {self.name}: {self._settings.device} does not take {name} = {value:g}")
        size = self._checked_size()
        if self._settings.pixel_format is not None:
            self._raw = RawFormat(pixel_format=self._settings.pixel_format, **size)

    def grab(self, timeout_s: float) -> Frame | NoFrame:
        """The next frame.

        Raises:
            CameraLost: unplugged, or nothing came.
        """
        del timeout_s
        ok, image = (False, None) if self._device is None else self._device.read()
        if not ok:
            raise CameraLost(f"camera {self.name}: {self._settings.device} delivers no frame")
        try:
            return self._framing.frame(self._rgb(image))
        except FrameRejected as error:
            return self._framing.frame(None, str(error))

    def close(self) -> None:
        """Let go of the device."""
        if self._device is not None:
            self._device.release()
        self._device = None

    def _checked_size(self) -> dict[str, int]:
        """A driver that cannot do what was asked takes what is nearest, and OpenCV calls that done."""
        settings = self._settings
        asked = {"fourcc": settings.fourcc, "width_px": settings.width_px, "height_px": settings.height_px}
        size = {
            "width_px": int(self._device.get(cv2.CAP_PROP_FRAME_WIDTH)),
            "height_px": int(self._device.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        }
        given = {"fourcc": _fourcc(self._device.get(cv2.CAP_PROP_FOURCC)), **size}
        for name, value in asked.items():
            if value is not None and given[name] != value:
                raise CameraLost(
                    f"camera {self.name}: {settings.device} does not take {name} = {value}, it gives {given[name]}"
                )
        return size

    def _rgb(self, image: Any) -> Pixels:
        """OpenCV hands over what it does not know, such as a mosaic, as one row of bytes."""
        return to_rgb(image, "BGR8") if self._raw is None else raw_to_rgb(image.tobytes(), self._raw)

    def _wanted(self) -> Iterator[tuple[str, int, float]]:
        settings = self._settings
        if settings.fourcc is not None:
            yield "fourcc", cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*settings.fourcc))
        if settings.pixel_format is not None:
            yield "pixel_format", cv2.CAP_PROP_CONVERT_RGB, _OFF
        if settings.exposure_us is not None:
            yield "manual exposure", cv2.CAP_PROP_AUTO_EXPOSURE, _MANUAL
            yield "exposure_us", cv2.CAP_PROP_EXPOSURE, settings.exposure_us / 100  # V4L2 counts in 100 us
        if settings.white_balance_k is not None:
            yield "manual white balance", cv2.CAP_PROP_AUTO_WB, _OFF
            yield "white_balance_k", cv2.CAP_PROP_WB_TEMPERATURE, settings.white_balance_k
        for name, prop, value in (
            ("width_px", cv2.CAP_PROP_FRAME_WIDTH, settings.width_px),
            ("height_px", cv2.CAP_PROP_FRAME_HEIGHT, settings.height_px),
            ("rate_hz", cv2.CAP_PROP_FPS, settings.rate_hz),
            ("gain", cv2.CAP_PROP_GAIN, settings.gain),
        ):
            if value is not None:
                yield name, prop, value


def _fourcc(code: float) -> str:
    return int(code).to_bytes(4, "little").decode("latin-1")
