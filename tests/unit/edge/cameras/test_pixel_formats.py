"""Facts of sensor formats."""

import numpy as np
import pytest
from pydantic import ValidationError

from edge.cameras.pixels import RawFormat, raw_to_rgb, to_rgb
from edge.contract.errors import FrameRejected

RED, GREEN, BLUE = 200, 100, 50
CORNERS = {"RG": "RGGB", "GR": "GRBG", "GB": "GBRG", "BG": "BGGR"}
VALUES = {"R": RED, "G": GREEN, "B": BLUE}


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("depth", [8, 16])
def test_a_bayer_mosaic_of_one_colour_becomes_that_colour(corner: str, depth: int) -> None:
    """Whatever corner the sensor starts with; a wrong one would swap red and blue."""
    tile = np.array([VALUES[c] for c in CORNERS[corner]], np.uint8 if depth == 8 else "<u2").reshape(2, 2)
    mosaic = np.tile(tile, (8, 8))
    raw = RawFormat(pixel_format=f"Bayer{corner}{depth}", width_px=16, height_px=16)
    pixels = raw_to_rgb(mosaic.tobytes(), raw)
    assert pixels.shape == (16, 16, 3)
    assert pixels.dtype.itemsize * 8 == depth
    assert pixels[8, 8].tolist() == [RED, GREEN, BLUE]


@pytest.mark.parametrize(
    ("pixel_format", "data", "first"),
    [
        ("Mono8", bytes([7, 8]), [7, 7, 7]),
        ("Mono16", bytes([1, 2, 0, 0]), [513, 513, 513]),
        ("RGB8", bytes([1, 2, 3, 0, 0, 0]), [1, 2, 3]),
        ("BGR8", bytes([1, 2, 3, 0, 0, 0]), [3, 2, 1]),
    ],
)
def test_bytes_without_a_header(pixel_format: str, data: bytes, first: list[int]) -> None:
    pixels = raw_to_rgb(data, RawFormat(pixel_format=pixel_format, width_px=2, height_px=1))
    assert pixels[0, 0].tolist() == first


def test_a_wrong_number_of_bytes_is_refused() -> None:
    with pytest.raises(FrameRejected, match="expected 4 bytes of Mono8 2x2, got 3"):
        raw_to_rgb(b"123", RawFormat(pixel_format="Mono8", width_px=2, height_px=2))


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValidationError):
        RawFormat(pixel_format="YUV", width_px=2, height_px=2)
    with pytest.raises(FrameRejected, match="got YUV8"):
        to_rgb(np.zeros((2, 2), np.uint8), "YUV8")
