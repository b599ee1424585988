from msgspec import Struct

from sterna_core.connection.endpoint import Endpoint


class Place(Struct, frozen=True, kw_only=True):
    """Where a namespace lives: in the store at an endpoint, or in the executors' own store."""

    namespace_id: str
    endpoint: Endpoint | None = None
