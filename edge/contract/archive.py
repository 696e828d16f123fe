"""The bundle file: an uncompressed zip of a manifest, its signature and the files the manifest lists.

manifest.json    Manifest; its SHA-256 is the bundle's id
signature.json   Signature of manifest.json's exact bytes
model.onnx       uint8 pixels in, score and map out
parity.npz       a few network inputs with the score expected for each
"""

import io
import json
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from edge.contract.errors import BundleCorrupt, BundleTooNew, BundleUnsigned
from edge.contract.manifest import SCHEMA_VERSION, FileEntry, Manifest
from edge.contract.signature import Signature, SigningKey, TrustedKeys

__all__ = ["MAX_BUNDLE_BYTES", "MODEL", "PARITY", "SealedBundle", "file_entries", "open_sealed", "write_sealed"]

MODEL = "model.onnx"
PARITY = "parity.npz"
_MANIFEST = "manifest.json"
_SIGNATURE = "signature.json"
MAX_BUNDLE_BYTES = 1 << 30
"""A bundle larger than this is an attack or a mistake."""

_MAX_DIRECTORY_BYTES = 1 << 16  # hundreds of files; each becomes an object before anything can be looked at
_END = "<4s4H2LH"  # of a zip: signature, disks and counts, length and place of the directory, length of a comment
_END_BYTES = struct.calcsize(_END)
_END_SIGNATURE = b"PK\5\6"
_ZIP64_SIGNATURE, _ZIP64_BYTES = b"PK\6\7", 20  # stands before the end


@dataclass(frozen=True)
class SealedBundle:
    """A bundle whose hashes and signature were checked.

    Attributes:
        id: SHA-256 of the manifest's bytes, 64 hexadecimal digits.
        files: content by name, as the manifest lists them.
    """

    id: str
    manifest: Manifest
    files: Mapping[str, bytes]


def file_entries(files: Mapping[str, bytes]) -> dict[str, FileEntry]:
    """Hash and size of each file, for the manifest."""
    return {name: FileEntry(sha256=sha256(data).hexdigest(), size_bytes=len(data)) for name, data in files.items()}


def write_sealed(path: Path, manifest: Manifest, files: Mapping[str, bytes], key: SigningKey) -> str:
    """Sign and write a bundle in one step, so that a half-written file is never seen; returns its id.

    Raises:
        OSError: it cannot be written; nothing of it stays.
    """
    manifest_bytes = manifest.model_dump_json(indent=1).encode()
    content = {
        _MANIFEST: manifest_bytes,
        _SIGNATURE: key.sign(manifest_bytes).model_dump_json().encode(),
        **files,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(_zip(content))
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    return sha256(manifest_bytes).hexdigest()


def open_sealed(path: Path, trusted: TrustedKeys) -> SealedBundle:
    """Read a bundle and check everything that can be checked without opening the model.

    Raises:
        BundleCorrupt: not a bundle, or a file that does not match its hash.
        BundleTooNew: its schema is newer than this version reads.
        BundleUnsigned: no signature, or not by a trusted key.
    """
    try:
        content = _unzip(path)
        manifest_bytes = content.pop(_MANIFEST)
    # RuntimeError: encrypted, or of a kind that zipfile does not know.
    except (OSError, EOFError, zipfile.BadZipFile, KeyError, ValueError, RuntimeError) as error:
        raise BundleCorrupt(f"{path}: expected a bundle (made by `inspection train`): {error}") from error
    _verify_signature(path, manifest_bytes, content.pop(_SIGNATURE, None), trusted)
    manifest = _parse_manifest(path, manifest_bytes)
    _verify_files(path, manifest, content)
    return SealedBundle(id=sha256(manifest_bytes).hexdigest(), manifest=manifest, files=content)


def _verify_signature(path: Path, manifest: bytes, signature: bytes | None, trusted: TrustedKeys) -> None:
    if signature is None:
        msg = f"{path}: the bundle is not signed"
        raise BundleUnsigned(msg)
    try:
        trusted.verify(manifest, Signature.model_validate_json(signature))
    except ValidationError as error:
        msg = f"{path}: signature.json is damaged: {error}"
        raise BundleUnsigned(msg) from error
    except BundleUnsigned as error:
        msg = f"{path}: {error}"
        raise BundleUnsigned(msg) from error


def _parse_manifest(path: Path, data: bytes) -> Manifest:
    try:
        version = json.loads(data)["schema_version"]
        if version > SCHEMA_VERSION:
            msg = f"{path}: bundle format {version}, this version reads up to {SCHEMA_VERSION}: update the software"
            raise BundleTooNew(msg)
        return Manifest.model_validate_json(data)
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        msg = f"{path}: manifest.json is not valid: {error}"
        raise BundleCorrupt(msg) from error


def _verify_files(path: Path, manifest: Manifest, content: Mapping[str, bytes]) -> None:
    if set(content) != set(manifest.files):
        msg = f"{path}: expected the files {sorted(manifest.files)}, got {sorted(content)}"
        raise BundleCorrupt(msg)
    for name, entry in manifest.files.items():
        if sha256(content[name]).hexdigest() != entry.sha256:
            msg = f"{path}: {name} does not match its SHA-256 in the manifest"
            raise BundleCorrupt(msg)


def _zip(content: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), data)
    return buffer.getvalue()


def _unzip(path: Path) -> dict[str, bytes]:
    """What is in a file that anybody may have made; never more bytes than the file itself has."""
    size = path.stat().st_size
    with path.open("rb") as file:
        _require_short_directory(file, size)
        with zipfile.ZipFile(file) as archive:
            _require_stored(archive.infolist(), min(size, MAX_BUNDLE_BYTES))
            return {info.filename: archive.read(info) for info in archive.infolist()}


def _require_short_directory(file: BinaryIO, size: int) -> None:
    file.seek(max(0, size - _END_BYTES))
    signature, *_, length, _, comment = struct.unpack(_END, file.read().rjust(_END_BYTES, b"\0"))
    if signature != _END_SIGNATURE or comment:
        raise ValueError("not a zip file, or one with a comment")
    if length > _MAX_DIRECTORY_BYTES:
        raise ValueError(f"its directory has {length} bytes, expected at most {_MAX_DIRECTORY_BYTES}")
    file.seek(max(0, size - _END_BYTES - _ZIP64_BYTES))
    if file.read(len(_ZIP64_SIGNATURE)) == _ZIP64_SIGNATURE:
        raise ValueError("a zip64 file, whose directory has another length")


def _require_stored(files: Sequence[zipfile.ZipInfo], at_most: int) -> None:
    total = sum(info.file_size for info in files)
    if total > at_most:
        raise ValueError(f"unpacked size {total} bytes exceeds {at_most}")
    for info in files:
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise ValueError(f"{info.filename[:100]} is compressed, expected files as they are")
