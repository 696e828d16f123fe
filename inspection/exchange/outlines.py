"""COCO's outlines as pixels: polygons, and run lengths down the columns, as numbers or packed into a string.

Source: https://cocodataset.org/#format-data; `rleFrString` of https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c
"""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import DataInvalid
from inspection.store.images import media_type_of, require_decodable_size

__all__ = ["area_px2", "as_png", "decode_png", "drawn", "encode_png", "run_lengths"]

Mask = NDArray[np.uint8]
_FAR_PX = 1_000_000  # beyond it no picture can be, and corners would come back on the other side
_MAX_TOLD = 200
_ZERO, _BITS, _SIGN, _GOES_ON = ord("0"), 5, 16, 32
_PLAIN = 3  # run lengths that are no differences


def run_lengths(mask: Mask) -> dict[str, Any]:
    """`(H, W)` as `{"size": [H, W], "counts": […]}`, beginning with a run of zeros."""
    marked = (mask > 0).flatten(order="F")
    edges = np.flatnonzero(np.diff(marked)) + 1
    counts = np.diff(np.concatenate([[0], edges, [marked.size]])).tolist()
    return {"size": list(mask.shape), "counts": ([0] if marked[0] else []) + counts}


def drawn(outline: Sequence[Sequence[float]] | Mapping[str, Any], size_px: tuple[int, int]) -> Mask:
    """`(H, W)` with 255 inside.

    Args:
        outline: polygons `[x, y, x, y, …]` or run lengths.
        size_px: width and height of the picture.

    Raises:
        ValueError: it does not fit the picture, or is no outline.
    """
    width, height = size_px
    if isinstance(outline, Mapping):
        return _from_runs(outline, (height, width))
    mask = np.zeros((height, width), np.uint8)
    for polygon in outline:
        points = np.asarray(polygon, np.float64)
        if points.size < 6 or points.size % 2:  # noqa: PLR2004 - three corners
            msg = f"expected polygons of three corners or more, got {points.size} numbers"
            raise ValueError(msg)
        if not (np.abs(points) < _FAR_PX).all():
            msg = f"expected corners within {_FAR_PX} px, got {points.tolist()}"
            raise ValueError(msg[:_MAX_TOLD])
        cv2.fillPoly(mask, [points.reshape(-1, 2).round().astype(np.int32)], 255)
    return mask


def area_px2(outline: Sequence[Sequence[float]] | Mapping[str, Any]) -> float:
    """Square pixels inside; 0 of what is no outline."""
    try:
        if isinstance(outline, Mapping):
            return float(_runs(outline.get("counts"))[1::2].sum())
        near = [np.clip(np.asarray(polygon, np.float64), -_FAR_PX, _FAR_PX) for polygon in outline if len(polygon)]
        return sum(float(cv2.contourArea(corners.reshape(-1, 2).astype(np.float32))) for corners in near)
    except (ValueError, IndexError):
        return 0.0


def _from_runs(outline: Mapping[str, Any], shape: tuple[int, int]) -> Mask:
    runs = _runs(outline.get("counts"))
    if outline.get("size") != list(shape) or runs.ndim != 1 or runs.sum() != shape[0] * shape[1]:
        msg = f"expected run lengths of {shape[1]}x{shape[0]} px, got size {outline.get('size')}"
        raise ValueError(msg[:_MAX_TOLD])
    values = np.arange(len(runs)) % 2 * 255
    return np.repeat(values, runs).astype(np.uint8).reshape(shape, order="F")


def _runs(counts: object) -> NDArray[np.int64]:
    try:
        return np.asarray(_unpacked(counts) if isinstance(counts, str) else counts, np.int64)
    except (TypeError, OverflowError) as error:
        msg = f"expected run lengths as whole numbers, got {counts!r}"
        raise ValueError(msg[:_MAX_TOLD]) from error


def _unpacked(text: str) -> list[int]:
    """Five bits a character, the lowest first, with two's complement's sign; from the fourth number on differences."""
    counts: list[int] = []
    value = bits = 0
    for letter in text:
        code = ord(letter) - _ZERO
        if not 0 <= code < 2 * _GOES_ON:
            msg = f"expected run lengths packed into letters from 0 to o, got {letter!r}"
            raise ValueError(msg)
        value |= (code % _GOES_ON) << bits
        bits += _BITS
        if code & _GOES_ON:
            continue
        if code & _SIGN:
            value -= 1 << bits
        counts.append(value + counts[-2] if len(counts) >= _PLAIN else value)
        value = bits = 0
    if bits:
        msg = f"expected packed run lengths, got a text that was cut off: {text!r}"
        raise ValueError(msg[:_MAX_TOLD])
    return counts


def encode_png(mask: Mask) -> bytes:
    """As a file."""
    return bytes(cv2.imencode(".png", mask)[1].tobytes())


def decode_png(data: bytes) -> Mask:
    """As pixels, `(H, W)`."""
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)


def as_png(data: bytes) -> bytes:
    """A mask of BMP or TIFF as a PNG file of the same pixels; anything else as it is.

    Raises:
        DataInvalid: its header claims no size or a huge one, or it cannot be decoded.
    """
    if media_type_of(data) not in {"image/bmp", "image/tiff"}:
        return data
    require_decodable_size(data)
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        raise DataInvalid("expected a mask of 8 or 16 bits that can be decoded, got damaged content")
    return bytes(cv2.imencode(".png", pixels)[1].tobytes())
