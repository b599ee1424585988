from msgspec import Struct
from msgspec.structs import replace

from sterna_core.connection.endpoint import Endpoint, SslMode
from sterna_core.connection.options import ConnectionOptions, Role


class ConnectionChanges(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be different about a connection; None leaves a field as it is."""

    name: str | None = None
    description: str | None = None
    role: Role | None = None
    tags: tuple[str, ...] | None = None
    schemas: tuple[str, ...] | None = None
    host: str | None = None
    port: int | None = None
    database: str | None = None
    username: str | None = None
    sealed_password: str | None = None
    ssl_mode: SslMode | None = None
    connection_timeout_seconds: int | None = None
    query_timeout_seconds: int | None = None
    max_connections: int | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is to change."""
        return self == ConnectionChanges()

    @property
    def leads_elsewhere(self) -> bool:
        """Tell whether another database or another way in is meant: old trials say nothing."""
        return self.endpoint_fields() != {}

    def endpoint_fields(self) -> dict[str, str | int]:
        """Give the fields of the endpoint that change."""
        return self._given("host", "port", "database", "username", "sealed_password", "ssl_mode")

    def applied_to_options(self, options: ConnectionOptions) -> ConnectionOptions:
        """Give the options with the changes."""
        fields = self._given(
            "connection_timeout_seconds", "query_timeout_seconds", "max_connections"
        )
        return replace(options, **fields)

    def applied_to_endpoint(self, endpoint: Endpoint) -> Endpoint:
        """Give the endpoint with the changes."""
        limits = self._given("connection_timeout_seconds", "max_connections")
        return replace(endpoint, **self.endpoint_fields(), **limits)

    def _given(self, *names: str) -> dict[str, str | int]:
        values = ((name, getattr(self, name)) for name in names)
        return {name: value for name, value in values if value is not None}
