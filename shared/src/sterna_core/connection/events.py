"""What has happened to a connection. Tags are on the wire for ever and are never edited."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.connection.changes import ConnectionChanges
from sterna_core.connection.endpoint import Endpoint
from sterna_core.connection.options import ConnectionOptions, Role
from sterna_core.connection.probe import ProbeResult


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something that has happened, and when."""

    at: UtcDatetime


class ConnectionCreated(Event, frozen=True, kw_only=True, tag="connection.created.v1"):
    """The connection can be used."""

    name: str
    description: str
    role: Role
    endpoint: Endpoint
    schemas: tuple[str, ...]
    options: ConnectionOptions
    tags: tuple[str, ...]
    by: str


class ConnectionUpdated(Event, frozen=True, kw_only=True, tag="connection.updated.v1"):
    """Something about the connection is different from now on."""

    changes: ConnectionChanges
    by: str


class ConnectionProbed(Event, frozen=True, kw_only=True, tag="connection.probed.v1"):
    """Somebody tried the connection."""

    result: ProbeResult


class ConnectionDeleted(Event, frozen=True, kw_only=True, tag="connection.deleted.v1"):
    """The connection is gone, and its sealed password with it from every projection."""

    by: str


AnyEvent = ConnectionCreated | ConnectionUpdated | ConnectionProbed | ConnectionDeleted
