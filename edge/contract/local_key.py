"""The signing key of this user on this machine: what `inspection train` signs with and `inspection inspect` trusts.

A plant service has its own key in its data folder; this one serves single machines.
"""

import os
from pathlib import Path

from edge.contract.errors import SettingsInvalid
from edge.contract.signature import SigningKey, TrustedKeys

__all__ = ["local_key_path", "local_trust", "trust_from"]

_LONGEST_NAME = 255  # bytes of a file; several keys in a row are longer


def local_key_path() -> Path:
    """Where the key lies, whether it is there yet or not."""
    return Path.home() / ".config" / "inspection" / "signing_key.pem"


def local_trust(path: Path | None = None) -> TrustedKeys:
    """Trust in bundles that were trained and signed on this machine by this user.

    Raises:
        SettingsInvalid: no key was made here yet; the caller names the key to trust instead.
    """
    path = path or local_key_path()
    if not path.exists():
        msg = (
            f"no trusted key: {path} is not there (made by `inspection train`); name the public key of whoever signed "
            "the bundle, by `--trust` or by `trusted_keys` in the settings"
        )
        raise SettingsInvalid(msg)
    return TrustedKeys((SigningKey.load_or_create(path).public_text,))


def trust_from(text: str | None) -> TrustedKeys:
    """Trust as a command line names it: base64 public keys with commas between, a file with one, or None: this user's.

    Raises:
        SettingsInvalid: neither a key nor a file with one.
    """
    if text is None:
        return local_trust()
    file = Path(text)
    if len(os.fsencode(file.name)) > _LONGEST_NAME or not file.is_file():
        return TrustedKeys(tuple(key.strip() for key in text.split(",")))
    try:
        return TrustedKeys((file.read_text("utf-8-sig", errors="replace").strip(),))
    except OSError as error:
        raise SettingsInvalid(f"trusted key file {file}: {error}") from error
