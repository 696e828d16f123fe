"""A GigE Vision or USB3 Vision camera, by its GenICam features. Source: GenICam SFNC 2.7 (names of features)."""

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import viva_genicam
from viva_genicam import ControlState, FrameStatus, FrameStream, GenicamError, TransportError

from edge.cameras.framing import Framing
from edge.cameras.pixels import to_rgb
from edge.cameras.protocol import Camera, NoFrame
from edge.cameras.settings import GenicamCameraSettings
from edge.clock import Clock
from edge.contract.errors import CameraLost, FrameRejected
from edge.contract.frame import Frame

__all__ = ["GenicamCamera", "find_device"]

_DISCOVERY_MS = 1000
# Registers: who controls the camera, 0 for nobody (GigE Vision 2.0); version of the protocol (GenCP 1.3).
_CONTROL, _VERSION, _REGISTER_BYTES = 0x0A00, 0x0000, 4
_LOOK_EVERY_US = 1_000_000
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
    """Sets the camera's features, then delivers each frame.

    One that lost packets on its way comes with a fault, and so does one that is known by the gap that it left only: the
    part was there.
    """

    def __init__(
        self,
        settings: GenicamCameraSettings,
        clock: Clock,
        connect: Callable[[GenicamCameraSettings], viva_genicam.Camera] = find_device,
    ) -> None:
        """Prepare; `connect` finds the device."""
        self.name = settings.name
        self._settings = settings
        self._clock = clock
        self._look_after_us = 0
        self._framing = Framing(settings.name, clock)
        self._connect = connect
        self._device: viva_genicam.Camera | None = None
        self._stream: FrameStream | None = None
        self._lost = 0  # frames of this stream that left a gap, so far
        self._block: int | None = None  # the camera's number of the latest frame
        self._ready: deque[Frame] = deque()

    def open(self) -> None:
        """Find, connect, set up, start the acquisition.

        Raises:
            CameraLost: not found, in use by another application, or it does not take a feature.
        """
        try:
            self._device = self._connect(self._settings)
            for feature, value in self._features():
                self._set(self._device, feature, value)
            stream = self._device.stream(iface=self._settings.interface, deliver_incomplete=True)
            self._lost, self._block = 0, None
            self._stream = stream.__enter__()
        except GenicamError as error:
            self.close()
            raise CameraLost(f"camera {self.name}: {error}") from error

    def grab(self, timeout_s: float) -> Frame | NoFrame:
        """The next frame; one that left a gap comes in its place.

        Raises:
            CameraLost: it was not opened, the stream ended, or it delivers nothing and does not answer.
        """
        if self._stream is None or self._device is None:
            raise CameraLost(f"camera {self.name}: not open")
        if not self._ready:
            self._take(self._received(self._stream, timeout_s), self._new_gaps(self._stream))
        if self._ready:
            return self._ready.popleft()
        self._check_control(self._device)
        return NoFrame.NOT_YET

    def _received(self, stream: FrameStream, timeout_s: float) -> viva_genicam.Frame | str | None:
        """A frame, why it cannot be had, or None if nothing came."""
        try:
            frame = stream.next_frame(max(1, round(timeout_s * 1000)))
        except TransportError as error:
            if "timeout" in str(error):  # the library has no class of its own for it
                return None
            raise CameraLost(f"camera {self.name}: {error}") from error
        except GenicamError as error:
            return f"garbled: {error}"
        if frame is None:
            raise CameraLost(f"camera {self.name}: the stream ended")
        return frame

    def close(self) -> None:
        """Stop the acquisition and give the camera back."""
        stream, device = self._stream, self._device
        self._stream = self._device = None
        self._ready.clear()
        for end in (None if stream is None else stream.__exit__, None if device is None else _closing(device)):
            try:
                if end is not None:
                    end(None, None, None)
            except GenicamError:
                pass  # it is gone already

    def _check_control(self, device: viva_genicam.Camera) -> None:
        """A camera that waits for its trigger is silent, and so is one that is away, or was and serves nobody now."""
        if self._clock.now_us() < self._look_after_us:
            return
        self._look_after_us = self._clock.now_us() + _LOOK_EVERY_US
        network = self._settings.transport == "gige"
        try:
            said = device.read_register(_CONTROL if network else _VERSION, _REGISTER_BYTES)
        except GenicamError as error:
            raise CameraLost(f"camera {self.name}: it does not answer any more: {error}") from error
        if network and (said == bytes(_REGISTER_BYTES) or device.control_state is not ControlState.HELD):
            raise CameraLost(f"camera {self.name}: it was started again, or another application took it")

    def _new_gaps(self, stream: FrameStream) -> int:
        """Frames of which nothing came, or that the library threw away because they came too fast."""
        stats, before = stream.stats(), self._lost
        self._lost = stats.frames_missed + stats.frames_backpressure
        return self._lost - before

    def _take(self, came: viva_genicam.Frame | str | None, gaps: int) -> None:
        """In the order of exposure: a frame that waits for its rest may come after the gap behind it is known."""
        earlier = gaps
        if isinstance(came, viva_genicam.Frame):
            if self._block is not None:
                earlier = min(gaps, max(0, came.block_id - self._block - 1))
            self._block = came.block_id
        self._add_gaps(earlier)
        if came is not None:
            self._ready.append(self._framing.frame(None, came) if isinstance(came, str) else self._converted(came))
        self._add_gaps(gaps - earlier)

    def _add_gaps(self, count: int) -> None:
        self._ready.extend(self._framing.frame(None, "lost on its way from the camera") for _ in range(count))

    def _converted(self, frame: viva_genicam.Frame) -> Frame:
        if not frame.is_complete:
            return self._framing.frame(None, f"garbled: {_missing(frame)}")
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


def _missing(frame: viva_genicam.Frame) -> str:
    match frame.status:
        case FrameStatus.INCOMPLETE:
            return f"{frame.missing_packets} of its packets never arrived"
        case FrameStatus.TRAILER_MISSING:
            return "its end never arrived"
        case status:
            return f"the camera says {status.value}: {frame.device_status}"


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
