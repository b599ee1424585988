from msgspec import Struct

from sterna_core.clock import UtcDatetime


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something that has happened to a migration, and when."""

    at: UtcDatetime
