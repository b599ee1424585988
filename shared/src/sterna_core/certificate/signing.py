"""Ed25519 keys: the one that signs certificates, and the one that others check them with."""

import binascii
import secrets
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from sterna_core.errors import InvalidRequest, Misconfigured
from sterna_core.secrets.secret import Secret

_KEY_BYTES = 32
_KEY_ID_CHARACTERS = 16


class Signature(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A signature; `public_key` and `value` are raw bytes in base64, `key_id` names the key."""

    algorithm: Literal["Ed25519"] = "Ed25519"
    key_id: str
    public_key: str
    value: str


class PublicKey:
    """Checks signatures. Its text is the 32 raw bytes in base64."""

    def __init__(self, raw: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(raw)
        self.text = b64encode(raw).decode()
        self.key_id = f"ed25519-{sha256(raw).hexdigest()[:_KEY_ID_CHARACTERS]}"

    @classmethod
    def parse(cls, text: str) -> "PublicKey":
        """Read a key's text; raises InvalidRequest where it is none."""
        try:
            raw = b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != _KEY_BYTES:
            raise InvalidRequest("The public key is not 32 bytes in base64.", code="invalid_key")
        return cls(raw)

    def verifies(self, signature: Signature, content: bytes) -> bool:
        """Tell whether the signature is this key's, over just this content."""
        try:
            self._key.verify(b64decode(signature.value, validate=True), content)
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


class SigningKey:
    """Signs. The same content always has the same signature."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(self._key.public_key().public_bytes_raw())

    @classmethod
    def parse(cls, text: Secret) -> "SigningKey":
        """Read a key's 32 bytes in base64; raises Misconfigured, which never repeats them."""
        try:
            seed = b64decode(text.reveal().strip(), validate=True)
        except (binascii.Error, ValueError):
            seed = b""
        if len(seed) != _KEY_BYTES:
            raise Misconfigured("STERNA_CERTIFICATE_KEY is not 32 bytes in base64") from None
        return cls(seed)

    @staticmethod
    def generate() -> str:
        """Make the text of a new key."""
        return b64encode(secrets.token_bytes(_KEY_BYTES)).decode()

    def sign(self, content: bytes) -> Signature:
        """Sign some content."""
        return Signature(
            key_id=self.public.key_id,
            public_key=self.public.text,
            value=b64encode(self._key.sign(content)).decode(),
        )

    def __repr__(self) -> str:
        return f"SigningKey({self.public.key_id})"
