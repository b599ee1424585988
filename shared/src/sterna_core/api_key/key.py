"""API keys as text: `sk_live_` or `sk_test_`, 43 characters of base 62 (256 bits), 6 of checksum.

Keys that were made with `sk_` alone are good too. The checksum lets a mistyped key be refused without looking it up. Only the HMAC-SHA256 of a key
under the server's pepper is ever stored.
"""

import hmac
import secrets
import zlib
from hashlib import sha256

from sterna_core.api_key.commands import Environment
from sterna_core.errors import Misconfigured
from sterna_core.secrets.secret import Secret

PREFIX = "sk_"
FEED_PREFIX = "feed_"
"""Of a word that stands in the address of a calendar; it is no key."""
_PREFIXES: dict[Environment, str] = {"live": "sk_live_", "test": "sk_test_"}
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODY_CHARACTERS = 43
_CHECKSUM_CHARACTERS = 6
_PEPPER_BYTES_MIN = 16
_ENTROPY_BYTES = 32


def make_feed_token(entropy: bytes) -> Secret:
    """Make the word of a calendar's address from 32 bytes."""
    body = _base62(int.from_bytes(entropy), _BODY_CHARACTERS)
    return Secret(FEED_PREFIX + body + _checksum(body))


def make_key(entropy: bytes | None = None, *, environment: Environment = "live") -> Secret:
    """Make a key from 32 bytes: fresh ones, or those given."""
    number = int.from_bytes(entropy or secrets.token_bytes(_ENTROPY_BYTES))
    body = _base62(number, _BODY_CHARACTERS)
    return Secret(_PREFIXES[environment] + body + _checksum(body))


def is_well_formed(text: str) -> bool:
    """Tell whether a text can be a key at all."""
    prefix = next((each for each in _PREFIXES.values() if text.startswith(each)), PREFIX)
    return _is_made_of(prefix, text)


def is_feed_token(text: str) -> bool:
    """Tell whether a text can be the word of a calendar's address at all."""
    return _is_made_of(FEED_PREFIX, text)


def _is_made_of(prefix: str, text: str) -> bool:
    body, checksum = text[len(prefix) : -_CHECKSUM_CHARACTERS], text[-_CHECKSUM_CHARACTERS:]
    return (
        text.startswith(prefix)
        and text.isascii()
        and len(body) == _BODY_CHARACTERS
        and hmac.compare_digest(checksum, _checksum(body))
    )


class Pepper:
    """The server's secret that keys are hashed under."""

    def __init__(self, pepper: Secret) -> None:
        self._key = pepper.reveal().encode()
        if len(self._key) < _PEPPER_BYTES_MIN:
            raise Misconfigured(f"STERNA_KEY_PEPPER needs at least {_PEPPER_BYTES_MIN} characters")

    def digest(self, key: str) -> str:
        """Give the digest under which a key is stored."""
        return hmac.new(self._key, b"api-key\0" + key.encode(), sha256).hexdigest()

    def derive(self, purpose: str, *parts: str) -> bytes:
        """Give 32 secret bytes that belong to `parts`: the same parts give the same bytes."""
        text = "\0".join(("derive", purpose, *parts))
        return hmac.new(self._key, text.encode(), sha256).digest()


def _base62(number: int, characters: int) -> str:
    digits = []
    for _ in range(characters):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode(errors="replace")), _CHECKSUM_CHARACTERS)
