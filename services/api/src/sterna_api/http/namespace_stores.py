from sterna_api.http.connections import find_connection
from sterna_api.http.namespace_bodies import StoreBody
from sterna_api.http.problem import InvalidShape, Problem
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.projections.connections import Connections
from sterna_core.errors import NotFound
from sterna_core.namespace.store_place import StorePlace


class StoreFinder:
    """Finds where a namespace's documents are to live, by the connection that says so."""

    def __init__(self, connections: Connections, writes: ReadYourWrites) -> None:
        self._connections = connections
        self._writes = writes

    async def place(self, org_id: str, body: StoreBody) -> StorePlace:
        """Give the place, with the connection as it is now; raises InvalidShape."""
        if body.connection_id is None:
            if body.type != "pgvector":
                msg = "A store of this type needs a connection"
                raise InvalidShape(
                    [Problem(("body", "store", "connection_id"), msg, "connection_needed")]
                )
            return StorePlace()
        loc = ("body", "store", "connection_id")
        try:
            known = await find_connection(
                self._connections, self._writes, org_id, body.connection_id
            )
        except NotFound:
            msg = "There is no such connection"
            raise InvalidShape([Problem(loc, msg, "connection_unknown")]) from None
        if known.view.endpoint.type != body.type:
            msg = f"This connection is of the type {known.view.endpoint.type}"
            raise InvalidShape([Problem(loc, msg, "connection_type")])
        return StorePlace(type=body.type, endpoint=known.view.endpoint)
