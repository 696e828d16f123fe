"""Signatures of webhooks.

Source: Standard Webhooks 1.0.0, https://www.standardwebhooks.com
"""

import base64
import binascii
import hmac
from hashlib import sha256

from edge.contract.errors import SettingsInvalid

__all__ = ["key_of", "signature"]

_PREFIX = "whsec_"


def key_of(secret: str) -> bytes:
    """Bytes of a secret: of its base64 after `whsec_`, of its text otherwise.

    Raises:
        SettingsInvalid: what follows `whsec_` is no base64.
    """
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise SettingsInvalid(f"secret of a webhook: expected base64 after {_PREFIX}: {error}") from error


def signature(key: bytes, message_id: str, timestamp_s: int, body: bytes) -> str:
    """What the header `webhook-signature` says."""
    digest = hmac.new(key, f"{message_id}.{timestamp_s}.".encode() + body, sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
