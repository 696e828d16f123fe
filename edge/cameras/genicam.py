"""A GigE Vision or USB3 Vision camera, by its GenICam features. Source: GenICam SFNC 2.7 (names of features)."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import viva_genicam
from viva_genicam import FrameStream, GenicamError, TransportError

from edge.cameras.framing import Framing
from edge.cameras.pixels import to_rgb
from edge.cameras.protocol import Camera, NoFrame
from edge.cameras.settings import GenicamCameraSettings
from edge.clock import Clock
from edge.contract.errors import CameraLost, FrameRejected
from edge.contract.frame import Frame

__all__ = ["GenicamCamera", "find_device"]

_DISCOVERY_MS = 1000
_FULL_DEPTH = 16


def find_device(settings: GenicamCameraSettings) -> viva_genicam.Camera:
    """Search network or USB and connect.

    Raises:
        CameraLost: no such camera; the message lists those that answered.
        GenicamError: in use, or it stopped answering.
    """
    if settings.transport == "usb3":
        usb = viva_genicam.discover_u3v()
        for device in usb:
            if settings.address in (None, device.serial):
                return viva_genicam.connect_u3v(device)
        raise CameraLost(f"camera {settings.name}: {_not_among(settings.address, [str(d.serial) for d in usb])}")
    # Loopback too: simulators answer there.
    network = viva_genicam.discover(_DISCOVERY_MS, iface=settings.interface, all=True)
    for found in network:
        if settings.address in (None, found.ip, found.mac):
            return viva_genicam.connect_gige(found, iface=settings.interface)
    raise CameraLost(f"camera {settings.name}: {_not_among(settings.address, [f'{d.ip} ({d.mac})' for d in network])}")


class GenicamCamera(Camera):
    """Sets the camera's features, then delivers each complete frame."""

    def __init__(
        self,
        settings: GenicamCameraSettings,
        clock: Clock,
        connect: Callable[[GenicamCameraSettings], viva_genicam.Camera] = find_device,
    ) -> None:
        """Prepare; `connect` finds the device."""
        self.name = settings.name
        self._settings = settings
        self._framing = Framing(settings.name, clock)
        self._connect = connect
        self._device: viva_genicam.Camera | None = None
        self._stream: FrameStream | None = None

    def open(self) -> None:
        """Find, connect, set up, start the acquisition.

        Raises:
            CameraLost: not found, in use by another application, or it does not take a feature.
        """
        try:
            self._device = self._connect(self._settings)
            for feature, value in self._features():
                self._set(self._device, feature, value)
            self._stream = self._device.stream(iface=self._settings.interface).__enter__()
        except GenicamError as error:
            self.close()
            raise CameraLost(f"camera {self.name}: {error}") from error

    def grab(self, timeout_s: float) -> Frame | NoFrame:
        """The next complete frame.

        Raises:
            CameraLost: it was not opened, or the stream ended.
        """
        if self._stream is None:
            raise CameraLost(f"camera {self.name}: not open")
        try:
            frame = self._stream.next_frame(max(1, round(timeout_s * 1000)))
        except TransportError as error:
            if "timeout" in str(error):  # the library has no class of its own for it
                return NoFrame.NOT_YET
            raise CameraLost(f"camera {self.name}: {error}") from error
        except GenicamError as error:
            return self._framing.frame(None, f"garbled: {error}")
        if frame is None:
            raise CameraLost(f"camera {self.name}: the stream ended")
        return self._converted(frame)

    def close(self) -> None:
        """Stop the acquisition and give the camera back."""
        stream, device = self._stream, self._device
        self._stream = self._device = None
        for end in (None if stream is None else stream.__exit__, None if device is None else _closing(device)):
            try:
                if end is not None:
                    end(None, None, None)
            except GenicamError:
                pass  # it is gone already

    def _converted(self, frame: viva_genicam.Frame) -> Frame:
        try:
            return self._framing.frame(_rgb(frame))
        except FrameRejected as error:
            return self._framing.frame(None, str(error))

    def _set(self, device: viva_genicam.Camera, feature: str, value: str) -> None:
        try:
            device.set(feature, value)
        except GenicamError as error:
            raise CameraLost(f"camera {self.name}: {feature} = {value}: {error}") from error

    def _features(self) -> Iterator[tuple[str, str]]:
        settings = self._settings
        if settings.pixel_format is not None:
            yield "PixelFormat", settings.pixel_format
        if settings.exposure_us is not None:
            yield "ExposureAuto", "Off"
            yield "ExposureTime", f"{settings.exposure_us:g}"
        if settings.gain_db is not None:
            yield "GainAuto", "Off"
            yield "Gain", f"{settings.gain_db:g}"
        if settings.rate_hz is not None:
            yield "AcquisitionFrameRate", f"{settings.rate_hz:g}"
        if settings.white_balance is not None:
            yield "BalanceWhiteAuto", settings.white_balance
        if settings.trigger_line is not None:
            yield "TriggerSelector", "FrameStart"
            yield "TriggerSource", settings.trigger_line
            yield "TriggerMode", "On"
        yield from settings.features.items()


def _closing(device: viva_genicam.Camera) -> Callable[[Any, Any, Any], None]:
    return lambda *_: device.close()


def _rgb(frame: viva_genicam.Frame) -> Any:
    """RGB in the camera's depth; 10 to 14 bits are moved up, so that white is white in 16."""
    image: Any = frame.to_numpy()
    name = frame.pixel_format
    depth = int((re.findall(r"\d+", name) or ["8"])[0])
    if image.itemsize > 1 and depth < _FULL_DEPTH:
        image = image << (_FULL_DEPTH - depth)
    if image.ndim > 2:  # noqa: PLR2004 - the library made RGB of it
        return to_rgb(image, "RGB8")
    return to_rgb(image, name.split("_")[0].removesuffix("p").removesuffix("Packed"))


def _not_among(address: str | None, found: list[str]) -> str:
    return f"expected {address or 'a camera'}, found {', '.join(found) or 'none'}"
