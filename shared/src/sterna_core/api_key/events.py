"""What has happened to an API key. Tags are on the wire for ever and are never edited."""

from msgspec import Struct

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


class ApiKeyRevoked(Event, frozen=True, kw_only=True, tag="api_key.revoked.v1"):
    """The key is accepted no more."""

    by: str


AnyEvent = ApiKeyCreated | ApiKeyRevoked
