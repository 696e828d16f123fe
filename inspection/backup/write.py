"""Writing a backup while the service runs: the tables first, then the files that they name.

Files of images and bundles are there before their rows and never change, so a copy of the tables that was taken first
finds all it names; `upkeep` keeps retention from deleting any of it meanwhile.
"""

import os
import tarfile
from collections.abc import Iterator
from hashlib import file_digest, sha256
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, select
from sqlalchemy.orm import Session

from edge.contract.errors import NotFound, SettingsInvalid
from inspection.backup.contents import DATABASE, LIST, Contents
from inspection.clock import Clock
from inspection.store.blobs import BlobStore
from inspection.store.copies import snapshot
from inspection.store.schema import expected_revision
from inspection.store.tables import BlobRow, BundleRow
from inspection.store.upkeep import upkeep

__all__ = ["write_backup"]

_KEY = "keys/signing_key.pem"


def write_backup(url: URL, data: Path, blobs: BlobStore, out: Path, clock: Clock) -> Contents:
    """Write everything of the plant in `data` and `blobs` to the new file `out`, readable by its owner only.

    Returns:
        What is in it; `missing` names what should be and was not there.

    Raises:
        SettingsInvalid: `out` exists or cannot be written, or pg_dump is missing.
    """
    if out.exists():
        raise SettingsInvalid(f"{out}: expected a new file, it is there already")
    try:
        with upkeep(data), TemporaryDirectory(dir=out.resolve().parent, prefix=f".{out.name}.") as folder:
            partial = Path(folder) / "backup.tar"
            with snapshot(url, Path(folder) / DATABASE) as session:
                contents = _Writer(partial, data, blobs).write(session, Path(folder) / DATABASE, url, clock)
            partial.chmod(0o600)  # the signing key and the password hashes are inside
            partial.replace(out)
    except OSError as error:
        raise SettingsInvalid(f"backup {out}: {error}") from error
    return contents


class _Writer:
    """One archive under way."""

    def __init__(self, path: Path, data: Path, blobs: BlobStore) -> None:
        self._path = path
        self._data = data
        self._blobs = blobs
        self._files: dict[str, str] = {}
        self._missing: list[str] = []

    def write(self, session: Session, database: Path, url: URL, clock: Clock) -> Contents:
        with self._path.open("wb") as file:
            with tarfile.open(fileobj=file, mode="w") as archive:
                self._add(archive, DATABASE, database)
                self._add(archive, _KEY, self._data / _KEY)
                for digest in _named_images(session):
                    self._add_image(archive, digest)
                for bundle_id in session.scalars(select(BundleRow.id).order_by(BundleRow.id)):
                    self._add(archive, f"bundles/{bundle_id}.bundle", self._data / "bundles" / f"{bundle_id}.bundle")
                for log in sorted(self._data.glob("jobs/*/log.txt")):
                    self._add_bytes(archive, log.relative_to(self._data).as_posix(), log.read_bytes())
                contents = self._contents(url, clock)
                self._add_bytes(archive, LIST, contents.model_dump_json(indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        return contents

    def _add(self, archive: tarfile.TarFile, name: str, path: Path) -> None:
        try:
            with path.open("rb") as file:
                digest = file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            self._missing.append(name)
            return
        archive.add(path, name, recursive=False)
        self._files[name] = digest

    def _add_image(self, archive: tarfile.TarFile, digest: str) -> None:
        name = f"images/{digest[:2]}/{digest}"
        try:
            data = self._blobs.get(digest)
        except NotFound:
            self._missing.append(name)
            return
        if sha256(data).hexdigest() == digest:
            self._add_bytes(archive, name, data)
        else:
            self._missing.append(name)

    def _add_bytes(self, archive: tarfile.TarFile, name: str, data: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(data), 0o600
        archive.addfile(member, BytesIO(data))
        self._files[name] = sha256(data).hexdigest()

    def _contents(self, url: URL, clock: Clock) -> Contents:
        return Contents(
            made_at=clock(),
            database=url.get_backend_name(),
            revision=expected_revision(),
            files=dict(self._files),
            missing=tuple(self._missing),
        )


def _named_images(session: Session) -> Iterator[str]:
    kept = select(BlobRow.sha256).where(BlobRow.removed_at.is_(None)).order_by(BlobRow.sha256)
    with session.scalars(kept.execution_options(yield_per=1000)) as digests:
        yield from digests
