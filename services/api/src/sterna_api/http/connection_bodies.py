"""What is sent and answered about connections."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from sterna_api.projections.connections import KnownConnection
from sterna_core.clock import UtcDatetime
from sterna_core.connection.commands import ConnectionOptions, Role
from sterna_core.connection.endpoint import SslMode
from sterna_core.connection.probe import ProbeResult
from sterna_core.connection.view import ConnectionStatus

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Description = Annotated[str, Meta(max_length=2_000)]
Identifier = Annotated[str, Meta(min_length=1, max_length=63)]
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
    type: Literal["postgresql"]
    role: Role = "both"
    config: ConfigBody
    options: OptionsBody = OptionsBody()
    tags: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=50)
    ] = []


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
