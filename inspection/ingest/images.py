"""Taking in an image that a result named before."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy.orm import Session

from edge.contract.errors import DataInvalid
from inspection.review.labels import adopt_late_frame
from inspection.store.blobs import BlobStore
from inspection.store.images import keep_image

__all__ = ["require_bytes_of", "take_image"]


def take_image(session: Session, blobs: BlobStore, digest: str, data: bytes, now: datetime) -> None:
    """Store an image; again changes nothing. If a person labelled its result already, it becomes a sample now.

    Raises:
        DataInvalid: the bytes are not those that the address names (sent again by the station).
    """
    require_bytes_of(digest, data)
    keep_image(session, blobs, data, now)
    adopt_late_frame(session, digest, now)


def require_bytes_of(digest: str, data: bytes) -> None:
    """Return if `data` are what `digest` names.

    Raises:
        DataInvalid: they are not.
    """
    actual = sha256(data).hexdigest()
    if actual != digest:
        raise DataInvalid(f"image: expected bytes with SHA-256 {digest}, got {len(data)} bytes with {actual}")
