"""Image files, named by the SHA-256 of their bytes, so that the same image is stored once and cannot change."""

import os
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from edge.contract.errors import InspectionError, NotFound

__all__ = ["BlobStore", "BlobStoreLost", "DiskBlobStore", "missing_image"]


class BlobStoreLost(InspectionError):
    """The place of the image files does not answer or refuses us; nothing was stored, the sender tries again."""


class BlobStore(Protocol):
    """Where image files are kept. `put` before `get` and `export`; there is no overwrite.

    Every method raises `BlobStoreLost` where the store does not answer.
    """

    def put(self, data: bytes) -> str:
        """Keep `data` durably; returns its SHA-256. Putting the same bytes again changes nothing."""
        ...

    def get(self, digest: str) -> bytes:
        """The bytes of `digest`.

        Raises:
            NotFound: it was never put here.
        """
        ...

    def export(self, digest: str, target: Path) -> None:
        """Make a file `target` with the bytes of `digest`, by a hard link where that works.

        Raises:
            NotFound: it was never put here.
        """
        ...

    def delete(self, *digests: str) -> None:
        """Take these files away; only retention does. One that is not there is no error."""
        ...

    def check(self) -> None:
        """Return if `put` can be expected to work.

        Raises:
            BlobStoreLost: it cannot; the message says why.
        """
        ...


class DiskBlobStore:
    """Blobs as files below one folder: `ab/abcdef…`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> str:
        """Write aside, flush to disk, then rename: a reader never sees half a file."""
        digest = sha256(data).hexdigest()
        target = self._path(digest)
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            _write_durably(target, data)
        return digest

    def get(self, digest: str) -> bytes:
        """Read the file of `digest`."""
        try:
            return self._path(digest).read_bytes()
        except FileNotFoundError as error:
            raise missing_image(digest) from error

    def export(self, digest: str, target: Path) -> None:
        """Hard link, or copy where the target is on another file system."""
        source = self._path(digest)
        if not source.exists():
            raise missing_image(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(source)
        except OSError:
            shutil.copyfile(source, target)

    def delete(self, *digests: str) -> None:
        """Unlink; a job that linked a file before still has it."""
        for digest in digests:
            self._path(digest).unlink(missing_ok=True)

    def check(self) -> None:
        """The folder is there and may be written."""
        if not os.access(self._folder, os.W_OK):
            raise BlobStoreLost(f"images in {self._folder}: the folder cannot be written")

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest


def missing_image(digest: str) -> NotFound:
    """The error of an image that should be there."""
    return NotFound(f"image {digest[:12]}…: expected its file in the store, but it is not there")


def _write_durably(target: Path, data: bytes) -> None:
    partial = target.with_name(f".{target.name}.{uuid4().hex}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError:
        partial.unlink(missing_ok=True)  # a full disk is not filled further by each try
        raise
