"""Image files as objects of a bucket."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from edge.contract.errors import NotFound, SettingsInvalid
from edge.contract.settings import read_secret
from inspection.store.blobs import BlobStoreLost, missing_image
from inspection.store.image_settings import S3Images

if TYPE_CHECKING:  # obstore has these words for type checkers only
    from obstore.store import S3Config

__all__ = ["S3BlobStore"]

_LOG = logging.getLogger(__name__)
_PROBE = "written-by-inspection-to-see-that-it-may"
_TRIES = 3


class S3BlobStore:
    """Blobs as objects `PREFIX/ab/abcdef…`, named as files on a disk are, so that one copies to the other."""

    def __init__(self, settings: S3Images) -> None:
        """Connect, and write and delete a probe.

        Raises:
            SettingsInvalid: no such bucket, wrong key, or nobody answers; the message says which.
        """
        self._where = f"s3://{settings.bucket}/{settings.prefix}".rstrip("/")
        self._store = _connect(settings)
        try:
            obstore.put(self._store, _PROBE, b"", use_multipart=False)
            obstore.delete(self._store, _PROBE)
        except (BaseError, FileNotFoundError) as error:
            raise SettingsInvalid(f"images in {self._where}: {_advice(error)}: {_short(error)}") from error

    def put(self, data: bytes) -> str:
        """Upload, unless it is there; an object is there as a whole or not at all."""
        digest = sha256(data).hexdigest()
        with self._told(digest):
            try:
                obstore.head(self._store, _name(digest))
            except FileNotFoundError:
                obstore.put(self._store, _name(digest), data, use_multipart=False)
        return digest

    def get(self, digest: str) -> bytes:
        """Download."""
        with self._told(digest):
            return bytes(obstore.get(self._store, _name(digest)).bytes())

    def export(self, digest: str, target: Path) -> None:
        """Download to a file; never half of it."""
        data = self.get(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{uuid4().hex}.partial")
        partial.write_bytes(data)
        partial.replace(target)

    def delete(self, *digests: str) -> None:
        """Delete the objects, a thousand in one request: retention holds the write lock meanwhile."""
        with self._told(next(iter(digests), "")):
            obstore.delete(self._store, [_name(digest) for digest in digests])

    def check(self) -> None:
        """The bucket answers; whether it may be written was seen at the start."""
        try:
            with self._told(_PROBE):
                next(iter(obstore.list(self._store, chunk_size=1)), None)
        except NotFound as error:
            raise BlobStoreLost(f"images in {self._where}: {error}") from error

    @contextmanager
    def _told(self, digest: str) -> Iterator[None]:
        """Foreign exceptions end here."""
        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise BlobStoreLost(f"images in {self._where}: the bucket is gone") from error
            raise missing_image(digest) from error
        except BaseError as error:
            _LOG.error("images in %s: %s", self._where, error)
            raise BlobStoreLost(f"images in {self._where}: {_short(error)}") from error


def _connect(settings: S3Images) -> S3Store:
    secret = read_secret(None, settings.secret_access_key_file)
    if (settings.access_key_id is None) != (secret is None):
        raise SettingsInvalid("images: expected access_key_id and secret_access_key_file together, got one of the two")
    config: S3Config = {"region": settings.region, "virtual_hosted_style_request": settings.endpoint is None}
    if settings.endpoint is not None:
        config["endpoint"] = settings.endpoint
    if settings.access_key_id is not None and secret is not None:
        config |= {"access_key_id": settings.access_key_id, "secret_access_key": secret}
    limit = timedelta(seconds=settings.timeout_s)
    return S3Store(
        settings.bucket,
        prefix=settings.prefix or None,
        config=config,
        client_options={"allow_http": (settings.endpoint or "").startswith("http://"), "timeout": limit},
        retry_config={"max_retries": _TRIES, "retry_timeout": limit},
    )


def _name(digest: str) -> str:
    return f"{digest[:2]}/{digest}"


def _advice(error: Exception) -> str:
    match type(error).__name__:
        case "FileNotFoundError":
            return "expected this bucket to be there"
        case "PermissionDeniedError" | "UnauthenticatedError":
            return "expected a key that may write and delete there"
        case _:
            return "expected a server that speaks S3"


def _short(error: Exception) -> str:
    return str(error).split("\n\nDebug source", 1)[0][:500]
