"""What can be asked of an API key."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime


class Command(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something asked of an API key."""


class CreateApiKey(Command, frozen=True, kw_only=True, tag="api_key.create.v1"):
    """Accept a key from now on; `digest` is its HMAC-SHA256 in hexadecimal, never the key."""

    name: str
    digest: str
    expires_at: UtcDatetime | None = None


class RevokeApiKey(Command, frozen=True, kw_only=True, tag="api_key.revoke.v1"):
    """Accept the key no more."""


AnyCommand = CreateApiKey | RevokeApiKey
