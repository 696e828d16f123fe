"""Whether an image file is there to its end, by its bytes alone: what was cut off decodes all the same, in grey."""

__all__ = ["ends_early"]

_JPEG_SCAN = b"\xff\xda"
_JPEG_END = b"\xff\xd9"


def ends_early(data: bytes, media_type: str) -> bool:
    """Whether a PNG, JPEG or BMP file is half-written or cut off; a TIFF file has no end that tells.

    Source: PNG (RFC 2083, 4.1.4), JPEG (ITU-T T.81, B.1.1.3), BMP (BITMAPFILEHEADER).
    """
    if media_type == "image/jpeg":
        end = data.rfind(_JPEG_END)
        return end <= 0 or data.find(_JPEG_SCAN, end) >= 0
    if media_type == "image/png":
        return data.rfind(b"IEND") <= 0
    return media_type == "image/bmp" and len(data) < int.from_bytes(data[2:6], "little")
