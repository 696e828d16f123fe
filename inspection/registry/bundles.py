"""Model versions: a row, and a file that is written once and never changes."""

import gzip
import os
import shutil
from datetime import datetime
from hashlib import file_digest
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.archive import SealedBundle, open_sealed
from edge.contract.errors import BundleMismatch, NotFound
from edge.contract.manifest import Manifest
from edge.contract.signature import TrustedKeys
from inspection.registry.recipes import require_recipe
from inspection.store.tables import BundleRow

__all__ = ["BundleFiles", "bundles_of", "manifest_of", "register", "require_bundle", "require_bundle_of"]


class BundleFiles:
    """The folder of bundle files, `<id>.bundle`, and the keys that sign what may come in."""

    def __init__(self, folder: Path, trusted: TrustedKeys) -> None:
        self._folder = folder
        self._trusted = trusted
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, bundle_id: str) -> Path:
        """Where the file of a bundle is."""
        return self._folder / f"{bundle_id}.bundle"

    def check(self, path: Path, recipe: str) -> SealedBundle:
        """Read a bundle file that someone offers.

        Raises:
            BundleRefused: corrupt, unsigned, too new, or for another recipe.
        """
        sealed = open_sealed(path, self._trusted)
        if sealed.manifest.recipe != recipe:
            raise BundleMismatch(f"the bundle is for recipe {sealed.manifest.recipe!r}, expected {recipe!r}")
        return sealed

    def keep(self, source: Path, bundle_id: str) -> Path:
        """Copy a bundle in, once, read-only; a second call with the same id changes nothing."""
        target = self.path(bundle_id)
        if not target.exists():
            partial = target.with_suffix(".partial")
            shutil.copyfile(source, partial)
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
            partial.chmod(0o444)
            partial.replace(target)
        return target

    def keep_report(self, source: Path, bundle_id: str) -> None:
        """Keep what the newest gate wrote about a bundle, packed."""
        target = self._report(bundle_id)
        partial = target.with_suffix(".partial")
        with source.open("rb") as page, gzip.open(partial, "wb", compresslevel=6) as packed:
            shutil.copyfileobj(page, packed)
        partial.replace(target)

    def report(self, bundle_id: str) -> bytes:
        """The HTML page, packed by gzip.

        Raises:
            NotFound: there is none.
        """
        try:
            return self._report(bundle_id).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"bundle {bundle_id[:12]}: no report here; run the gate for it again") from None

    def _report(self, bundle_id: str) -> Path:
        return self._folder / f"{bundle_id}.report.html.gz"


def register(session: Session, files: BundleFiles, path: Path, *, recipe: str, origin: str, now: datetime) -> BundleRow:
    """Check a bundle file and add it to the registry; registering it again changes nothing.

    Raises:
        BundleRefused: corrupt, unsigned, too new, or for another recipe; nothing is kept.
        NotFound: no such recipe.
    """
    require_recipe(session, recipe)
    sealed = files.check(path, recipe)
    known = session.get(BundleRow, sealed.id)
    if known is not None:
        return known
    return _add(session, sealed, files.keep(path, sealed.id), origin, now)


def require_bundle(session: Session, bundle_id: str) -> BundleRow:
    """The bundle of this id.

    Raises:
        NotFound: no such bundle.
    """
    row = session.get(BundleRow, bundle_id)
    if row is None:
        raise NotFound(f"bundle {bundle_id[:12]}: not in the registry")
    return row


def require_bundle_of(session: Session, recipe: str, bundle_id: str) -> BundleRow:
    """The same, of this recipe.

    Raises:
        NotFound: there is none, or it is of another recipe.
    """
    row = require_bundle(session, bundle_id)
    if row.recipe != recipe:
        raise NotFound(f"bundle {bundle_id[:12]}: not of recipe {recipe!r}")
    return row


def bundles_of(session: Session, recipe: str) -> list[BundleRow]:
    """All versions of a recipe, newest first."""
    query = select(BundleRow).where(BundleRow.recipe == recipe).order_by(BundleRow.registered_at.desc(), BundleRow.id)
    return list(session.scalars(query))


def manifest_of(row: BundleRow) -> Manifest:
    """The manifest of a registered bundle."""
    return Manifest.model_validate_json(row.manifest)


def _add(session: Session, sealed: SealedBundle, path: Path, origin: str, now: datetime) -> BundleRow:
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    row = BundleRow(
        id=sealed.id,
        recipe=sealed.manifest.recipe,
        file_sha256=digest,
        manifest=sealed.manifest.model_dump_json(),
        origin=origin,
        registered_at=now,
    )
    session.add(row)
    session.flush()
    return row
