from typing import Annotated, Literal

from msgspec import Meta, Struct

SslMode = Literal["disable", "prefer", "require", "verify-ca", "verify-full"]
ServerType = Literal["postgresql", "pgvector", "qdrant"]
"""`pgvector` and `qdrant` are stores of namespaces."""


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where a database is and how to enter it; the password is sealed.

    `sealed_password` opens with the context `{org_id}/{connection_id}`.
    """

    connection_id: str
    org_id: str
    host: str
    port: Annotated[int, Meta(ge=1, le=65535)] = 5432
    database: str
    username: str
    sealed_password: str
    ssl_mode: SslMode = "prefer"
    type: ServerType = "postgresql"
    connection_timeout_seconds: int | None = None
    """How long entering may take; None is the executor's own bound."""
    max_connections: int | None = None
    """How many connections one executor lends its work, for each side; None is its own bound."""

    @property
    def seal_context(self) -> str:
        """What the password was sealed for."""
        return f"{self.org_id}/{self.connection_id}"
