"""What can be asked of a connection."""

from msgspec import Struct

from sterna_core.connection.changes import ConnectionChanges
from sterna_core.connection.endpoint import Endpoint
from sterna_core.connection.options import ConnectionOptions, Role
from sterna_core.connection.probe import ProbeResult


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


class UpdateConnection(Command, frozen=True, kw_only=True, tag="connection.update.v1"):
    """Change what is given; None leaves a field as it is. The password is sealed already."""

    changes: ConnectionChanges


class RecordProbe(Command, frozen=True, kw_only=True, tag="connection.record_probe.v1"):
    """Somebody tried the connection as it was at a revision."""

    result: ProbeResult
    revision: int = 0


class DeleteConnection(Command, frozen=True, kw_only=True, tag="connection.delete.v1"):
    """Forget the connection; migrations that were created with it keep what they need."""


AnyCommand = CreateConnection | UpdateConnection | RecordProbe | DeleteConnection
