"""What can be asked of an API key."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from sterna_core.api_key.scope import EVERYTHING
from sterna_core.clock import UtcDatetime

OVERLAP_SECONDS_MAX = 30 * 24 * 3600
Environment = Literal["live", "test"]
"""What a key is meant for; it is part of the key's text."""


class Command(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something asked of an API key."""


class CreateApiKey(Command, frozen=True, kw_only=True, tag="api_key.create.v1"):
    """Accept a key from now on; `digest` is its HMAC-SHA256 in hexadecimal, never the key.

    `holder_scopes` is what the key that asks for it may do itself.
    """

    name: str
    digest: str
    expires_at: UtcDatetime | None = None
    scopes: tuple[str, ...] = EVERYTHING
    ip_whitelist: tuple[str, ...] = ()
    environment: Environment = "live"
    holder_scopes: tuple[str, ...] = EVERYTHING


class UpdateApiKey(Command, frozen=True, kw_only=True, tag="api_key.update.v1"):
    """Change what is given; the key itself stays."""

    name: str | UnsetType = UNSET
    scopes: tuple[str, ...] | UnsetType = UNSET
    expires_at: UtcDatetime | UnsetType | None = UNSET
    ip_whitelist: tuple[str, ...] | UnsetType = UNSET
    holder_scopes: tuple[str, ...] = EVERYTHING


class RotateApiKey(Command, frozen=True, kw_only=True, tag="api_key.rotate.v1"):
    """Accept another secret, and the one before it for some more seconds."""

    digest: str
    overlap_seconds: Annotated[int, Meta(ge=0, le=OVERLAP_SECONDS_MAX)]
    holder_scopes: tuple[str, ...] = EVERYTHING


class RevokeApiKey(Command, frozen=True, kw_only=True, tag="api_key.revoke.v1"):
    """Accept the key no more."""


AnyCommand = CreateApiKey | UpdateApiKey | RotateApiKey | RevokeApiKey
