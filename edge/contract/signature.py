"""Ed25519 signatures over manifests. Source: RFC 8032, by the `cryptography` package."""

import base64
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from pydantic import Field

from edge.contract.errors import BundleUnsigned, SettingsInvalid
from edge.contract.values import Value

__all__ = ["Signature", "SigningKey", "TrustedKeys", "key_id_of"]

_DOMAIN = b"inspection-bundle-v1\n"


class Signature(Value):
    """Detached signature of a manifest's bytes."""

    algorithm: Literal["ed25519"] = "ed25519"
    key_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    value: Annotated[str, Field(max_length=128, description="base64")]


def key_id_of(public: bytes) -> str:
    """Short name of a raw public key of 32 bytes."""
    return sha256(public).hexdigest()[:16]


class SigningKey:
    """A private key that signs bundles; kept in one PEM file that only its owner can read."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    @classmethod
    def load_or_create(cls, path: Path) -> "SigningKey":
        """Read the key of `path`, or make a new one there on the first start.

        Raises:
            SettingsInvalid: the file is there but holds no Ed25519 private key, or it cannot be made.
        """
        try:
            if not path.exists():
                _write_private(path, Ed25519PrivateKey.generate())
        except OSError as error:
            raise SettingsInvalid(f"{path}: a key cannot be made there: {error}") from error
        try:
            loaded = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            msg = f"{path}: expected an Ed25519 private key in PEM format: {error}"
            raise SettingsInvalid(msg) from error
        if not isinstance(loaded, Ed25519PrivateKey):
            msg = f"{path}: expected an Ed25519 private key, got {type(loaded).__name__}"
            raise SettingsInvalid(msg)
        return cls(loaded)

    @property
    def public_text(self) -> str:
        """The public key as base64 of its 32 bytes, as settings hold it."""
        return base64.b64encode(self._public_bytes()).decode()

    def sign(self, manifest: bytes) -> Signature:
        """Sign the exact bytes of a manifest."""
        value = base64.b64encode(self._private.sign(_DOMAIN + manifest)).decode()
        return Signature(key_id=key_id_of(self._public_bytes()), value=value)

    def _public_bytes(self) -> bytes:
        return self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


class TrustedKeys:
    """The public keys whose bundles a process runs.

    Attributes:
        texts: the keys as they were given, base64.
    """

    def __init__(self, keys: tuple[str, ...]) -> None:
        """Take public keys as base64 text.

        Raises:
            SettingsInvalid: one of them is no Ed25519 public key.
        """
        self.texts = keys
        self._keys: dict[str, Ed25519PublicKey] = {}
        for text in keys:
            raw = _decode_public(text)
            self._keys[key_id_of(raw)] = Ed25519PublicKey.from_public_bytes(raw)

    def verify(self, manifest: bytes, signature: Signature) -> None:
        """Return if a trusted key signed `manifest`.

        Raises:
            BundleUnsigned: unknown key, or the signature does not fit.
        """
        key = self._keys.get(signature.key_id)
        if key is None:
            known = ", ".join(sorted(self._keys)) or "none"
            msg = f"signed by key {signature.key_id}, which is not trusted here (trusted: {known})"
            raise BundleUnsigned(msg)
        try:
            key.verify(base64.b64decode(signature.value, validate=True), _DOMAIN + manifest)
        except (InvalidSignature, ValueError) as error:
            msg = f"the signature by key {signature.key_id} does not fit the manifest: it was changed after signing"
            raise BundleUnsigned(msg) from error


def _decode_public(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        msg = f"trusted key {text!r}: expected base64 of 32 bytes: {error}"
        raise SettingsInvalid(msg) from error
    if len(raw) != 32:  # noqa: PLR2004 - RFC 8032: a public key has 32 bytes
        msg = f"trusted key {text!r}: expected 32 bytes, got {len(raw)}"
        raise SettingsInvalid(msg)
    return raw


def _write_private(path: Path, key: Ed25519PrivateKey) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # O_EXCL: two processes that start at once must not overwrite each other's key; the one that is late takes it.
    with (
        suppress(FileExistsError),
        os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
    ):
        file.write(pem)
