"""The signing secrets of webhooks, as the Standard Webhooks specification writes them."""

import base64
import binascii

from sterna_core.secrets.secret import Secret

PREFIX = "whsec_"
_BYTES_MIN = 24
_BYTES_MAX = 64


def make_secret(entropy: bytes) -> Secret:
    """Write a secret."""
    return Secret(PREFIX + base64.b64encode(entropy).decode())


def is_secret(text: str) -> bool:
    """Tell whether a text is a secret of 24 to 64 bytes."""
    try:
        decoded = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(PREFIX) and _BYTES_MIN <= len(decoded) <= _BYTES_MAX


def seal_context(org_id: str, webhook_id: str) -> str:
    """Say what a webhook's secret is sealed for."""
    return f"{org_id}/{webhook_id}"
