import base64
import binascii
import os
from collections.abc import Callable, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sterna_core.errors import Misconfigured
from sterna_core.secrets.secret import Secret

_NONCE_BYTES = 12
_KEY_BYTES = 32


class Keyring:
    """Seals text with AES-256-GCM; the first key seals, every key opens.

    A sealed text is `v1.<key id>.<base64 of nonce and ciphertext>`. The context (organisation
    and id of the thing the text belongs to) is authenticated, so a sealed text moved to another
    row does not open.
    """

    def __init__(
        self, keys: Mapping[str, bytes], *, random_bytes: Callable[[int], bytes] = os.urandom
    ) -> None:
        if not keys:
            raise Misconfigured("the keyring is empty: set STERNA_KEYRING")
        if any(len(key) != _KEY_BYTES for key in keys.values()):
            raise Misconfigured("each key of STERNA_KEYRING is 32 bytes in base64")
        self._keys = {name: AESGCM(key) for name, key in keys.items()}
        self._sealing = next(iter(keys))
        self._random_bytes = random_bytes

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """Read `id:base64,id:base64`; raises Misconfigured without repeating the text."""
        keys: dict[str, bytes] = {}
        for entry in filter(None, (part.strip() for part in text.split(","))):
            name, _, encoded = entry.partition(":")
            try:
                keys[name] = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                raise Misconfigured(
                    "STERNA_KEYRING is a list of id:base64, separated by commas"
                ) from None
        return cls(keys)

    @staticmethod
    def generate() -> str:
        """Make the text of a new keyring with one key."""
        return "k1:" + base64.b64encode(os.urandom(_KEY_BYTES)).decode()

    def seal(self, secret: Secret, *, context: str) -> str:
        """Encrypt `secret` for `context`."""
        nonce = self._random_bytes(_NONCE_BYTES)
        sealed = self._keys[self._sealing].encrypt(
            nonce, secret.reveal().encode(), context.encode()
        )
        return f"v1.{self._sealing}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, context: str) -> Secret:
        """Decrypt what `seal` gave for the same context.

        Raises Misconfigured where the key is not in the ring or the text was sealed elsewhere.
        """
        version, _, rest = sealed.partition(".")
        name, _, encoded = rest.partition(".")
        key = self._keys.get(name)
        if version != "v1" or key is None:
            raise Misconfigured("STERNA_KEYRING lacks the key that a credential was sealed with")
        blob = base64.b64decode(encoded)
        try:
            opened = key.decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], context.encode())
        except InvalidTag:
            raise Misconfigured("a sealed credential does not open here") from None
        return Secret(opened.decode())
