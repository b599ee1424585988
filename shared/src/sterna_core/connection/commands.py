"""What can be asked of a connection."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from sterna_core.connection.endpoint import Endpoint
from sterna_core.connection.probe import ProbeResult

Role = Literal["source", "target", "both"]


class ConnectionOptions(Struct, frozen=True, kw_only=True):
    """How long to wait for the database, and how many connections may be opened to it."""

    connection_timeout_seconds: Annotated[int, Meta(ge=1, le=300)] = 30
    query_timeout_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 300
    max_connections: Annotated[int, Meta(ge=1, le=256)] = 10


class Command(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something asked of a connection."""


class CreateConnection(Command, frozen=True, kw_only=True, tag="connection.create.v1"):
    """Keep where a database is and how to enter it; the password is sealed already."""

    name: str
    description: str
    role: Role
    endpoint: Endpoint
    schemas: tuple[str, ...] = ()
    options: ConnectionOptions = ConnectionOptions()
    tags: tuple[str, ...] = ()


class RecordProbe(Command, frozen=True, kw_only=True, tag="connection.record_probe.v1"):
    """Somebody tried the connection."""

    result: ProbeResult


class DeleteConnection(Command, frozen=True, kw_only=True, tag="connection.delete.v1"):
    """Forget the connection; migrations that were created with it keep what they need."""


AnyCommand = CreateConnection | RecordProbe | DeleteConnection
