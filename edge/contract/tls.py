"""Whose certificates are trusted when one machine of a plant calls another by https."""

import ssl
from pathlib import Path

from edge.contract.errors import SettingsInvalid

__all__ = ["tls_context"]


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Trust what the system trusts, or only what is in `ca_file` (PEM): a plant often has an authority of its own.

    Raises:
        SettingsInvalid: the file cannot be read or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise SettingsInvalid(f"ca_file {ca_file}: expected certificates, PEM: {error}") from error
