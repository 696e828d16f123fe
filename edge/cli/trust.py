"""Whose bundles a command runs."""

from collections.abc import Sequence
from pathlib import Path

from edge.contract.errors import SettingsInvalid
from edge.contract.local_key import local_trust
from edge.contract.signature import TrustedKeys

__all__ = ["TRUST_HELP", "trust_from_files", "trust_from_option"]

TRUST_HELP = (
    "public key of the bundle's signer: base64 text, or a file that holds it "
    "(default: the key of this machine, made by `inspection train`)"
)


def trust_from_option(option: str | None) -> TrustedKeys:
    """Trust in the named key, else in this machine's own.

    Raises:
        SettingsInvalid: no key, or it is none.
    """
    if option is None:
        return local_trust()
    path = Path(option)
    return TrustedKeys((_read(path),)) if path.is_file() else TrustedKeys((option,))


def trust_from_files(keys: Sequence[str], files: Sequence[Path]) -> TrustedKeys:
    """Trust in the keys of a station's settings, else in this machine's own.

    Raises:
        SettingsInvalid: no key, a file that cannot be read, or something that is no key.
    """
    named = (*keys, *(_read(file) for file in files))
    return TrustedKeys(named) if named else local_trust()


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"trusted key file {path}: {error}") from error
