"""The stages of an API key's life: one shape each."""

from msgspec import Struct

from sterna_core.api_key.scope import EVERYTHING
from sterna_core.clock import UtcDatetime


class Stage(Struct, frozen=True, kw_only=True, tag_field="stage"):
    """A stage of an API key's life."""


class Absent(Stage, frozen=True, kw_only=True, tag="absent"):
    """There is no such key."""


class Valid(Stage, frozen=True, kw_only=True, tag="valid"):
    """The key is accepted until it expires."""

    name: str = ""
    scopes: tuple[str, ...] = EVERYTHING
    expires_at: UtcDatetime | None = None
    ip_whitelist: tuple[str, ...] = ()


class Revoked(Stage, frozen=True, kw_only=True, tag="revoked"):
    """The key is accepted no more."""


State = Absent | Valid | Revoked
