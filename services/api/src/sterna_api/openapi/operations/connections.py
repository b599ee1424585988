"""`/v1/connections`."""

from sterna_api.http.connection_bodies import (
    ConnectionBody,
    ConnectionsQuery,
    CreateConnectionBody,
    UpdateConnectionBody,
)
from sterna_api.http.connection_catalog import CatalogBody, CatalogQuery
from sterna_api.http.deleted import DeletedBody
from sterna_api.http.errors import ErrorBody
from sterna_api.openapi.operation import Operation, Page

_ALL = "/v1/connections"
_ONE = "/v1/connections/{connection_id}"

OPERATIONS = (
    Operation(
        method="POST",
        path=_ALL,
        scope="connections:write",
        summary="Keep where a database is, and try it at once",
        description="The password is sealed before it leaves the process, and is in no answer.",
        body=CreateConnectionBody,
        answers={201: ConnectionBody},
    ),
    Operation(
        method="GET",
        path=_ALL,
        scope="connections:read",
        summary="List connections, newest first",
        query=ConnectionsQuery,
        answers={200: Page(ConnectionBody)},
    ),
    Operation(
        method="GET",
        path=_ONE,
        scope="connections:read",
        summary="Show a connection",
        answers={200: ConnectionBody},
    ),
    Operation(
        method="PATCH",
        path=_ONE,
        scope="connections:write",
        summary="Change a connection",
        description="A field left out stays. Migrations keep what they were created with.",
        body=UpdateConnectionBody,
        answers={200: ConnectionBody},
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        scope="connections:write",
        summary="Forget a connection",
        description="Refused while a migration that was created with it has not ended.",
        answers={200: DeletedBody},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/test",
        scope="connections:write",
        summary="Try a connection now",
        answers={200: ConnectionBody},
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/schema",
        scope="connections:read",
        summary="List the tables of a connection's database",
        query=CatalogQuery,
        description="Answers 409 `connection_failed`, with the reason, where the database is not reached.",
        answers={200: CatalogBody, 409: ErrorBody},
    ),
)
