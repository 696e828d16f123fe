"""Width and height from an image file's header, before anything is decoded or allocated."""

import struct
from collections.abc import Callable

__all__ = ["MAX_PIXELS", "header_size_px"]

MAX_PIXELS = 200_000_000
"""Beyond any camera; a file of a kilobyte may claim more than the memory holds."""

Size = tuple[int, int]

_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # SOF0-SOF15; the three others are tables
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_BMP_CORE_HEADER = 12
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257
_TIFF_FORMATS = {1: "B", 3: "H", 4: "I"}  # BYTE, SHORT, LONG


def header_size_px(data: bytes, media_type: str) -> Size | None:
    """Width and height in pixels as the file claims them; None where its header is damaged or of no known type.

    Source: PNG (RFC 2083, 11.2.2), JPEG (ITU-T T.81, B.1.1), BMP (BITMAPINFOHEADER), TIFF 6.0 (section 2).
    """
    read = _READERS.get(media_type)
    try:
        return None if read is None else read(data)
    except (struct.error, IndexError):
        return None


def _png(data: bytes) -> Size | None:
    return struct.unpack_from(">II", data, 16) if data[12:16] == b"IHDR" else None


def _bmp(data: bytes) -> Size | None:
    if struct.unpack_from("<I", data, 14)[0] == _BMP_CORE_HEADER:
        return struct.unpack_from("<HH", data, 18)
    width, height = struct.unpack_from("<ii", data, 18)
    return abs(width), abs(height)  # a negative height means: first row on top


def _jpeg(data: bytes) -> Size | None:
    at = 2
    while data[at] == 0xFF:  # noqa: PLR2004 - every marker starts with it
        marker = data[at + 1]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        if marker == 0xFF:  # noqa: PLR2004 - a fill byte
            at += 1
        else:
            at += 2 if marker in _JPEG_ALONE else 2 + struct.unpack_from(">H", data, at + 2)[0]
    return None


def _tiff(data: bytes) -> Size | None:
    order = "<" if data.startswith(b"II") else ">"
    (at,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, at)
    tags = dict(_tiff_tag(data, order, at + 2 + 12 * i) for i in range(count))
    width, height = tags.get(_TIFF_WIDTH), tags.get(_TIFF_HEIGHT)
    return None if width is None or height is None else (width, height)


def _tiff_tag(data: bytes, order: str, at: int) -> tuple[int, int | None]:
    tag, kind = struct.unpack_from(order + "HH", data, at)
    value = _TIFF_FORMATS.get(kind)
    return tag, None if value is None else struct.unpack_from(order + value, data, at + 8)[0]


_READERS: dict[str, Callable[[bytes], Size | None]] = {
    "image/png": _png,
    "image/bmp": _bmp,
    "image/jpeg": _jpeg,
    "image/tiff": _tiff,
}
