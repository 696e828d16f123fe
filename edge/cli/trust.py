"""Whose bundles a command runs."""

from collections.abc import Sequence
from pathlib import Path

from edge.contract.errors import SettingsInvalid
from edge.contract.local_key import local_trust, trust_from
from edge.contract.signature import TrustedKeys

__all__ = ["TRUST_HELP", "trust_from_files"]

TRUST_HELP = (
    "public keys, of which one has signed the bundle: base64 text, commas between, or a file that holds one "
    "(default: the key of this machine, made by `inspection train`)"
)


def trust_from_files(keys: Sequence[str], files: Sequence[Path]) -> TrustedKeys:
    """Trust in the keys of a station's settings, else in this machine's own.

    Raises:
        SettingsInvalid: no key, a file that cannot be read, or something that is no key.
    """
    named = (*keys, *(text for file in files for text in trust_from(_existing(file)).texts))
    return TrustedKeys(named) if named else local_trust()


def _existing(file: Path) -> str:
    if not file.is_file():
        raise SettingsInvalid(f"trusted key file {file}: expected a file with a public key, found none")
    return str(file)
