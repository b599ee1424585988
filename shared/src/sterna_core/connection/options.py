from typing import Annotated, Literal

from msgspec import Meta, Struct

Role = Literal["source", "target", "both"]


class ConnectionOptions(Struct, frozen=True, kw_only=True):
    """How long to wait for the database, and how many connections may be opened to it.

    `query_timeout_seconds` bounds what is asked to test or to list a database; what a migration
    asks takes as long as its data needs.
    """

    connection_timeout_seconds: Annotated[int, Meta(ge=1, le=300)] = 30
    query_timeout_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 300
    max_connections: Annotated[int, Meta(ge=1, le=256)] = 10
