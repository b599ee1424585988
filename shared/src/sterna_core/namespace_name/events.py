"""What has happened to a name. Tags are on the wire for ever and are never edited."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.namespace.commands import CreateNamespace


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something that has happened, and when."""

    at: UtcDatetime


class NameClaimed(Event, frozen=True, kw_only=True, tag="namespace_name.claimed.v1"):
    """The name is that of a namespace, which is being made."""

    namespace_id: str
    namespace: CreateNamespace


class NameSettled(Event, frozen=True, kw_only=True, tag="namespace_name.settled.v1"):
    """The namespace of this name was made."""

    namespace_id: str


class NameReleased(Event, frozen=True, kw_only=True, tag="namespace_name.released.v1"):
    """The name is free."""

    namespace_id: str


class AliasPointed(Event, frozen=True, kw_only=True, tag="namespace_name.alias_pointed.v1"):
    """The name leads to a namespace; `previous` is where it led before."""

    name: str
    namespace_id: str
    previous: str | None
    by: str


class AliasReleased(Event, frozen=True, kw_only=True, tag="namespace_name.alias_released.v1"):
    """The name is free."""

    name: str
    previous: str
    by: str


AnyEvent = NameClaimed | NameSettled | NameReleased | AliasPointed | AliasReleased
