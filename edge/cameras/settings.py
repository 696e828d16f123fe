"""Settings of each kind of camera; `kind` decides which."""

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from edge.cameras.pixels import PixelFormat
from edge.contract.values import Value

__all__ = [
    "CameraSettings",
    "FolderCameraSettings",
    "GenicamCameraSettings",
    "PushCameraSettings",
    "SimulatedCameraSettings",
    "StreamCameraSettings",
    "UsbCameraSettings",
    "VideoCameraSettings",
    "WatchSettings",
]

_SILENCE_S = 5.0
Name = Annotated[str, Field(min_length=1, max_length=64, description="name of the camera, part of every result")]


class FolderCameraSettings(Value):
    """Replays a folder of image files as if a camera delivered them."""

    kind: Annotated[Literal["folder"], Field(description="replay a folder of png, jpg, bmp or tif files")]
    name: Name = "camera"
    folder: Annotated[Path, Field(description="the folder; relative to the settings file")]
    order_file: Annotated[
        Path | None,
        Field(description="text file with one file name a line, relative to the folder; sorted by name without it"),
    ] = None
    rate_hz: Annotated[float, Field(gt=0, le=1000, description="frames a second")] = 2.0
    loop: Annotated[bool, Field(description="start again after the last file; part ids then carry the pass number")] = (
        False
    )
    limit: Annotated[int | None, Field(ge=1, description="stop after this many frames; all without it")] = None
    exit_at_end: Annotated[
        bool, Field(description="end the station after the last frame; otherwise it stays up for its API and uploads")
    ] = False


class PushCameraSettings(Value):
    """No camera of its own: frames are handed in by `POST /v1/inspect`."""

    kind: Annotated[Literal["push"], Field(description="frames come by POST /v1/inspect")]
    name: Name = "push"


class WatchSettings(Value):
    """When a camera that does not complain is given up and connected again."""

    stale_after_s: Annotated[
        float | None,
        Field(
            gt=0, le=3600, description="without any frame; none: 5, with a trigger line as long as the camera answers"
        ),
    ] = None
    frozen_frames: Annotated[
        int | None, Field(ge=1, le=100_000, description="so many identical frames in a row; none: not checked")
    ] = None

    @property
    def silence_s(self) -> float:
        """How long a camera may deliver nothing before it is given up."""
        return _SILENCE_S if self.stale_after_s is None else self.stale_after_s


class VideoCameraSettings(Value):
    """Replays a video file as if a camera delivered it."""

    kind: Annotated[Literal["video"], Field(description="replay a video file")]
    name: Name = "camera"
    path: Annotated[Path, Field(description="the file; relative to the settings file")]
    rate_hz: Annotated[float | None, Field(gt=0, le=1000, description="frames a second; none: as recorded")] = None
    loop: Annotated[bool, Field(description="start again after the last frame")] = False
    exit_at_end: Annotated[bool, Field(description="end the station after the last frame")] = False


class StreamCameraSettings(WatchSettings):
    """A network camera."""

    kind: Annotated[Literal["stream"], Field(description="RTSP, or MJPEG over HTTP")]
    name: Name = "camera"
    url: Annotated[SecretStr, Field(description="rtsp://…, http://… or https://…; may hold a password, is never shown")]
    rtsp_transport: Annotated[Literal["tcp", "udp"], Field(description="how RTSP carries frames")] = "tcp"
    timeout_s: Annotated[float, Field(gt=0, le=8, description="for connecting, and of silence")] = 3.0


class UsbCameraSettings(WatchSettings):
    """A USB or built-in camera."""

    kind: Annotated[Literal["usb"], Field(description="Video4Linux: USB and built-in cameras")]
    name: Name = "camera"
    device: Annotated[str, Field(max_length=255, description="its file; /dev/v4l/by-id/… stays when others come")]
    width_px: Annotated[int | None, Field(ge=1, le=65_535, description="columns; none: the driver's choice")] = None
    height_px: Annotated[int | None, Field(ge=1, le=65_535, description="rows")] = None
    rate_hz: Annotated[float | None, Field(gt=0, le=1000, description="frames a second")] = None
    fourcc: Annotated[str | None, Field(min_length=4, max_length=4, description="format, such as MJPG or YUYV")] = None
    pixel_format: Annotated[
        PixelFormat | None, Field(description="what raw frames are, such as BayerRG8; none: OpenCV converts")
    ] = None
    exposure_us: Annotated[float | None, Field(gt=0, le=1e7, description="exposure; none: automatic")] = None
    gain: Annotated[float | None, Field(ge=0, description="gain, in the driver's units")] = None
    white_balance_k: Annotated[float | None, Field(ge=1000, le=20_000, description="kelvin; none: automatic")] = None
    frozen_frames: Annotated[
        int | None, Field(ge=1, le=100_000, description="so many identical frames in a row; none: not checked")
    ] = 100


class GenicamCameraSettings(WatchSettings):
    """An industrial camera."""

    kind: Annotated[Literal["genicam"], Field(description="GigE Vision and USB3 Vision")]
    name: Name = "camera"
    transport: Annotated[Literal["gige", "usb3"], Field(description="network or USB")] = "gige"
    address: Annotated[
        str | None, Field(max_length=64, description="IP or MAC address, or serial number for USB; none: the first one")
    ] = None
    interface: Annotated[str | None, Field(max_length=64, description="network interface to search; none: all")] = None
    pixel_format: Annotated[str | None, Field(max_length=64, description="such as Mono8, Mono12p, BayerRG8")] = None
    exposure_us: Annotated[float | None, Field(gt=0, le=1e7, description="exposure; none: as the camera is")] = None
    gain_db: Annotated[float | None, Field(ge=-50, le=100, description="gain; none: as the camera is")] = None
    rate_hz: Annotated[float | None, Field(gt=0, le=10_000, description="frames a second, free-running")] = None
    white_balance: Annotated[
        Literal["Off", "Once", "Continuous"] | None, Field(description="automatic white balance")
    ] = None
    trigger_line: Annotated[
        str | None, Field(max_length=64, description="input that exposes a frame, such as Line1; none: free-running")
    ] = None
    features: Annotated[
        dict[str, str], Field(default_factory=dict, description="any other feature and its value, in this order")
    ]
    frozen_frames: Annotated[
        int | None, Field(ge=1, le=100_000, description="so many identical frames in a row; none: not checked")
    ] = 100

    @property
    def silence_s(self) -> float:
        """A line may pause for hours; whether the camera is there is asked otherwise."""
        return math.inf if self.trigger_line is not None and self.stale_after_s is None else super().silence_s


class SimulatedCameraSettings(Value):
    """A line that is not there: renders parts, some with defects."""

    kind: Annotated[Literal["simulated"], Field(description="render parts, for trying and measuring")]
    name: Name = "camera"
    rate_hz: Annotated[float, Field(gt=0, le=1000, description="parts a second")] = 5.0
    size_px: Annotated[int, Field(ge=32, le=4096, description="width and height of a frame")] = 512
    seed: Annotated[int, Field(ge=0, description="the same seed renders the same parts")] = 0
    defect_fraction: Annotated[float, Field(ge=0, le=1, description="share of parts with a defect")] = 0.1
    jitter_px: Annotated[float, Field(ge=0, le=1000, description="largest shift of a part from the middle")] = 4.0
    jitter_deg: Annotated[float, Field(ge=0, le=180, description="largest turn of a part")] = 5.0
    lighting_drift: Annotated[float, Field(ge=0, le=0.9, description="how far brightness sways, as a share")] = 0.05
    blur_px: Annotated[float, Field(ge=0, le=50, description="largest blur, standard deviation")] = 0.6
    limit: Annotated[int | None, Field(ge=1, description="stop after this many parts; all without it")] = None
    exit_at_end: Annotated[bool, Field(description="end the station after the last part")] = False


CameraSettings = Annotated[
    FolderCameraSettings
    | PushCameraSettings
    | VideoCameraSettings
    | StreamCameraSettings
    | UsbCameraSettings
    | GenicamCameraSettings
    | SimulatedCameraSettings,
    Field(discriminator="kind"),
]
