"""What is sent and answered about connections."""

from typing import Annotated

from msgspec import Meta, Struct

from sterna_api.http.paging import LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX
from sterna_api.projections.connections import KnownConnection
from sterna_core.clock import UtcDatetime
from sterna_core.connection.endpoint import ServerType, SslMode
from sterna_core.connection.options import ConnectionOptions, Role
from sterna_core.connection.probe import ProbeResult
from sterna_core.connection.view import ConnectionStatus

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Description = Annotated[str, Meta(max_length=2_000)]
Identifier = Annotated[str, Meta(min_length=1, max_length=63)]
Tag = Annotated[str, Meta(min_length=1, max_length=100)]
Tags = Annotated[list[Tag], Meta(max_length=50)]
Host = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{1,253}$")]
"""A name or an address: no socket path, no list, no parameters."""


class ConfigBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a database is and how to enter it."""

    host: Host
    port: Annotated[int, Meta(ge=1, le=65_535)] = 5432
    database: Identifier
    username: Identifier
    password: Annotated[str, Meta(max_length=1_000)]
    schemas: Annotated[list[Identifier], Meta(max_length=1_000)] = []


class OptionsBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a connection is used."""

    ssl_mode: SslMode = "prefer"
    connection_timeout_seconds: Annotated[int, Meta(ge=1, le=300)] = 30
    query_timeout_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 300
    max_connections: Annotated[int, Meta(ge=1, le=256)] = 10


class CreateConnectionBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A connection to make."""

    name: Name
    description: Description = ""
    type: ServerType
    role: Role = "both"
    config: ConfigBody
    options: OptionsBody = OptionsBody()
    tags: Tags = []


class ChangedConfigBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different about where a database is; a field left out stays."""

    host: Host | None = None
    port: Annotated[int, Meta(ge=1, le=65_535)] | None = None
    database: Identifier | None = None
    username: Identifier | None = None
    password: Annotated[str, Meta(max_length=1_000)] | None = None
    schemas: Annotated[list[Identifier], Meta(max_length=1_000)] | None = None


class ChangedOptionsBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different about how a connection is used; a field left out stays."""

    ssl_mode: SslMode | None = None
    connection_timeout_seconds: Annotated[int, Meta(ge=1, le=300)] | None = None
    query_timeout_seconds: Annotated[int, Meta(ge=1, le=86_400)] | None = None
    max_connections: Annotated[int, Meta(ge=1, le=256)] | None = None


class UpdateConnectionBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different about a connection; a field left out stays."""

    name: Name | None = None
    description: Description | None = None
    type: ServerType | None = None
    role: Role | None = None
    config: ChangedConfigBody | None = None
    options: ChangedOptionsBody | None = None
    tags: Tags | None = None


class ConnectionsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which connections to list; `name` is a part of the name, in any case."""

    type: ServerType | None = None
    role: Role | None = None
    status: ConnectionStatus | None = None
    tag: Tag | None = None
    name: Name | None = None
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Annotated[int, Meta(ge=0, le=OFFSET_MAX)] = 0


class ShownConfig(Struct, frozen=True):
    """Where a database is; the password is never shown."""

    host: str
    port: int
    database: str
    username: str
    schemas: tuple[str, ...]
    ssl_mode: SslMode


class ConnectionBody(Struct, frozen=True, kw_only=True):
    """A connection."""

    id: str
    name: str
    description: str
    type: str
    role: Role
    status: ConnectionStatus
    reason: str | None
    config: ShownConfig
    options: ConnectionOptions
    tags: tuple[str, ...]
    created_at: UtcDatetime
    created_by: str
    last_test: ProbeResult | None


def show_connection(known: KnownConnection) -> ConnectionBody:
    """Show a connection."""
    view, endpoint = known.view, known.view.endpoint
    return ConnectionBody(
        id=known.connection_id,
        name=view.name,
        description=view.description,
        type=endpoint.type,
        role=view.role,
        status=view.status,
        reason=view.probe.message if view.probe else None,
        config=ShownConfig(
            host=endpoint.host,
            port=endpoint.port,
            database=endpoint.database,
            username=endpoint.username,
            schemas=view.schemas,
            ssl_mode=endpoint.ssl_mode,
        ),
        options=view.options,
        tags=view.tags,
        created_at=view.created_at,
        created_by=view.created_by,
        last_test=view.probe,
    )
