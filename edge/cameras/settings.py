"""Settings of each kind of camera; `kind` decides which."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from edge.contract.values import Value

__all__ = ["CameraSettings", "FolderCameraSettings", "PushCameraSettings"]

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


CameraSettings = Annotated[FolderCameraSettings | PushCameraSettings, Field(discriminator="kind")]
