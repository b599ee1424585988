from typing import Literal

from msgspec import Struct

from sterna_core.connection.endpoint import Endpoint

StoreType = Literal["pgvector", "qdrant"]


class StorePlace(Struct, frozen=True, kw_only=True):
    """Where a namespace's documents live; without an endpoint in this installation's own store.

    The endpoint is the connection's as it was when the namespace was made; its password is sealed.
    """

    type: StoreType = "pgvector"
    endpoint: Endpoint | None = None

    @property
    def connection_id(self) -> str | None:
        """Name the connection that says where, if there is one."""
        return self.endpoint.connection_id if self.endpoint else None
