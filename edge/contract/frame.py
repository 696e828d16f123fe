"""A frame: one exposure of one part, with where and when it was taken."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

__all__ = ["EncodedImage", "Frame", "Pixels"]

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
"""`(H, W, 3)`, RGB; a grey camera repeats its channel."""


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """An image file in memory, exactly as it came or as it is stored.

    Attributes:
        data: the file's bytes.
        media_type: `image/png`, `image/jpeg`, `image/bmp`, `image/tiff`, or `application/octet-stream` if unknown.
    """

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What `Camera.grab` delivers.

    Attributes:
        pixels: `(H, W, 3)` RGB, uint8 or uint16; None when the bytes could not be decoded.
        part_id: identity of the part, unique per station: serial number, file name or counter.
        camera: name of the camera in the station's settings.
        captured_at: wall clock, UTC, for people and the database.
        received_us: monotonic clock of this process in microseconds, for latency.
        encoded: the original bytes when the source delivers files, so that what is stored is what was judged.
        fault: why `pixels` is None; the station answers UNDECIDED with it.
        source: where the frame came from, for people (a file name, an address).
    """

    pixels: Pixels | None
    part_id: str
    camera: str
    captured_at: datetime
    received_us: int
    encoded: EncodedImage | None = None
    fault: str | None = None
    source: str | None = None
