"""Images as the service knows them: a blob on disk and a row that says what it is."""

from datetime import datetime

from sqlalchemy.orm import Session

from edge.contract.errors import DataInvalid, Gone, NotFound
from edge.contract.image_end import ends_early
from edge.contract.image_size import MAX_PIXELS, header_size_px
from inspection.store.blobs import BlobStore
from inspection.store.tables import BlobRow

__all__ = [
    "EXTENSIONS",
    "image_row",
    "keep_image",
    "media_type_of",
    "picture_size_px",
    "require_decodable_size",
    "require_whole",
]

EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/bmp": "bmp", "image/tiff": "tif"}
"""File extension of each image type that is accepted."""

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)


def media_type_of(data: bytes) -> str:
    """What the first bytes say; what a sender claims is never used, for a browser will be given this."""
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), "application/octet-stream")


def require_decodable_size(data: bytes) -> None:
    """Return if the header of an image file claims a size that a decoder may be given.

    Raises:
        DataInvalid: no size in the header, or one that would fill the memory; nothing was decoded.
    """
    size = header_size_px(data, media_type_of(data))
    if size is None or min(size) < 1:
        raise DataInvalid(f"image: expected width and height in its header, got {size}: damaged content")
    if size[0] * size[1] > MAX_PIXELS:
        raise DataInvalid(
            f"image: expected at most {MAX_PIXELS / 1e6:g} megapixels, header claims {size[0]}x{size[1]} px"
        )


def require_whole(data: bytes) -> None:
    """Return if an image file that somebody gives the plant can be learnt from, as far as its bytes tell.

    Raises:
        DataInvalid: as `require_decodable_size`, or it ends early; nothing was decoded.
    """
    require_decodable_size(data)
    if ends_early(data, media_type_of(data)):
        raise DataInvalid(f"image: the file ends early ({len(data)} bytes): half-written or cut off")


def picture_size_px(session: Session, blobs: BlobStore, digest: str) -> tuple[int, int] | None:
    """Width and height of a stored image, by its header; None if the header does not tell."""
    return header_size_px(blobs.get(digest), image_row(session, digest).media_type)


def keep_image(session: Session, blobs: BlobStore, data: bytes, now: datetime) -> str:
    """Store an image once; returns its SHA-256.

    The file is on disk before the row says so; an interruption between the two costs nothing but the space.
    """
    digest = blobs.put(data)
    row = session.get(BlobRow, digest)
    if row is None:
        session.add(BlobRow(sha256=digest, media_type=media_type_of(data), size_bytes=len(data), stored_at=now))
        session.flush()
    elif row.removed_at is not None:  # it is wanted again
        row.removed_at, row.file_deleted, row.stored_at = None, False, now
    return digest


def image_row(session: Session, digest: str) -> BlobRow:
    """The row of a stored image.

    Raises:
        NotFound: never received.
        Gone: retention removed it.
    """
    row = session.get(BlobRow, digest)
    if row is None:
        raise NotFound(f"image {digest[:12]}…: not stored here (a station uploads images after the result)")
    if row.removed_at is not None:
        raise Gone(f"image {digest[:12]}…: removed by retention on {row.removed_at:%Y-%m-%d} (rules in PLANT.toml)")
    return row
