"""Facts of the one decoder, with real files of every format."""

import struct
import tracemalloc
import zlib

import cv2
import numpy as np
import pytest

from edge.contract.errors import FrameRejected
from edge.contract.image_size import header_size_px
from edge.preprocess import decode, media_type_of

WIDTH, HEIGHT = 37, 21
SUFFIXES = (".png", ".jpg", ".bmp", ".tif")


def encoded(suffix: str, shape: tuple[int, ...] = (HEIGHT, WIDTH, 3), dtype: type = np.uint8) -> bytes:
    """A smooth picture as a file."""
    picture = np.indices(shape[:2]).sum(axis=0).astype(dtype)
    return cv2.imencode(suffix, picture if len(shape) == 2 else np.dstack([picture] * shape[2]))[1].tobytes()


def giant_png(width: int, height: int) -> bytes:
    """A valid header of many pixels, and almost nothing behind it."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def giant_bmp(width: int, height: int) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + info


def giant_jpeg(width: int, height: int) -> bytes:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8\xff\xe0" + struct.pack(">H", 4) + b"ab" + frame + b"\xff\xda\x00\x02\xff\xd9"


def giant_tiff(width: int, height: int) -> bytes:
    tags = struct.pack(">HHIIHHII", 256, 4, 1, width, 257, 4, 1, height)
    return b"MM\x00*" + struct.pack(">IH", 8, 2) + tags + bytes(4)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_header_gives_the_size_that_the_decoder_gives(suffix: str) -> None:
    data = encoded(suffix)
    assert header_size_px(data, media_type_of(data)) == (WIDTH, HEIGHT)
    assert decode(data).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("kind", [cv2.IMWRITE_JPEG_PROGRESSIVE, cv2.IMWRITE_JPEG_RST_INTERVAL])
def test_progressive_and_restarting_jpegs_have_a_size_too(kind: int) -> None:
    data = cv2.imencode(".jpg", np.zeros((HEIGHT, WIDTH, 3), np.uint8), [kind, 1])[1].tobytes()
    assert header_size_px(data, "image/jpeg") == (WIDTH, HEIGHT)


def test_an_upside_down_and_an_old_bmp_have_a_size() -> None:
    core = b"BM" + struct.pack("<IHHI", 26, 0, 0, 26) + struct.pack("<IHHHH", 12, 7, 5, 1, 24)
    assert header_size_px(core, "image/bmp") == (7, 5)
    assert header_size_px(giant_bmp(7, -5), "image/bmp") == (7, 5)


@pytest.mark.parametrize("make", [giant_png, giant_bmp, giant_jpeg, giant_tiff])
def test_a_file_that_claims_too_many_pixels_is_refused_without_allocating_them(make: object) -> None:
    """60000 x 60000 px in colour would be 10 GB."""
    data = make(60_000, 60_000)
    tracemalloc.start()
    with pytest.raises(FrameRejected, match="header claims 60000x60000 px"):
        decode(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_the_limit_is_200_megapixels_in_any_shape() -> None:
    """One pixel less is left to the decoder, which finds the pixels missing and tells so."""
    with pytest.raises(FrameRejected, match="at most 200 megapixels"):
        decode(giant_png(200_000_001, 1))
    assert header_size_px(giant_png(200_000_000, 1), "image/png") == (200_000_000, 1)


@pytest.mark.parametrize("make", [giant_png, giant_bmp, giant_jpeg, giant_tiff])
def test_a_file_without_pixels_is_refused(make: object) -> None:
    with pytest.raises(FrameRejected, match="damaged content"):
        decode(make(0, 5))


@pytest.mark.parametrize("data", [b"BM", b"II*\x00\x08", b"MM\x00*\x00\x00\xff\xff", b"BM" + bytes(12)])
def test_a_header_that_ends_early_is_refused(data: bytes) -> None:
    with pytest.raises(FrameRejected):
        decode(data)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_off_anywhere_is_refused(suffix: str, share: float) -> None:
    """Grey filler for what is missing would be judged as if it were the part."""
    data = encoded(suffix, (200, 300, 3))
    with pytest.raises(FrameRejected):
        decode(data[: int(share * len(data))])


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((9, 7), np.uint8), ((9, 7, 3), np.uint8), ((9, 7, 4), np.uint8), ((9, 7), np.uint16), ((9, 7, 4), np.uint16)],
)
def test_grey_colour_and_alpha_all_become_rgb_of_the_same_depth(shape: tuple[int, ...], dtype: type) -> None:
    pixels = decode(encoded(".png", shape, dtype))
    assert (pixels.shape, pixels.dtype) == ((9, 7, 3), dtype)
    assert int(pixels[8, 6, 0]) == 14


def test_red_comes_first() -> None:
    blue_green_red = np.zeros((4, 4, 3), np.uint8)
    blue_green_red[..., 2] = 200
    assert decode(cv2.imencode(".png", blue_green_red)[1].tobytes())[0, 0].tolist() == [200, 0, 0]


@pytest.mark.parametrize("data", [b"", b"hello, I am a text file", b"GIF89a" + bytes(50)])
def test_what_is_no_image_is_named_by_its_first_bytes(data: bytes) -> None:
    with pytest.raises(FrameRejected, match=f"got {len(data)} bytes"):
        decode(data)
