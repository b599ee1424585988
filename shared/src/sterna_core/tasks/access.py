from msgspec import Struct

from sterna_core.clock import UtcDatetime


class AccessRefused(Struct, frozen=True, kw_only=True, tag="access.refused.v1", tag_field="type"):
    """A request was refused for its key, or for what the key allows."""

    org_id: str
    """Of the key; the operator's where the key is unknown."""
    key_id: str | None
    timestamp: UtcDatetime
    method: str
    route: str
    """The path's pattern: what a client has written there may be anything."""
    code: str
    address: str | None
    user_agent: str | None
    request_id: str
