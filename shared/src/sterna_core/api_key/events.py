"""What has happened to an API key. Tags are on the wire for ever and are never edited."""

from msgspec import Struct

from sterna_core.api_key.commands import Environment
from sterna_core.api_key.scope import EVERYTHING
from sterna_core.clock import UtcDatetime


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something that has happened, and when."""

    at: UtcDatetime


class ApiKeyCreated(Event, frozen=True, kw_only=True, tag="api_key.created.v1"):
    """The key is accepted from now on."""

    name: str
    digest: str
    expires_at: UtcDatetime | None
    by: str
    scopes: tuple[str, ...] = EVERYTHING
    ip_whitelist: tuple[str, ...] = ()
    environment: Environment = "live"


class ApiKeyUpdated(Event, frozen=True, kw_only=True, tag="api_key.updated.v1"):
    """The key has other properties: these are all of them."""

    name: str
    scopes: tuple[str, ...]
    expires_at: UtcDatetime | None
    ip_whitelist: tuple[str, ...]
    by: str


class ApiKeyRotated(Event, frozen=True, kw_only=True, tag="api_key.rotated.v1"):
    """The key has another secret; the one before it is accepted for a while."""

    digest: str
    previous_until: UtcDatetime
    by: str


class ApiKeyRevoked(Event, frozen=True, kw_only=True, tag="api_key.revoked.v1"):
    """The key is accepted no more."""

    by: str


AnyEvent = ApiKeyCreated | ApiKeyUpdated | ApiKeyRotated | ApiKeyRevoked
