"""`/v1/migrations/{id}/lag` and `/stop`: what follows its source until it is stopped."""

from sterna_api.http.sync_answers import LagBody, StoppedBody
from sterna_api.http.sync_bodies import StopBody, StopQuery
from sterna_api.openapi.operation import Operation

_ONE = "/v1/migrations/{migration_id}"

OPERATIONS = (
    Operation(
        method="GET",
        path=f"{_ONE}/lag",
        scope="migrations:read",
        summary="Show how far the target of an incremental migration is behind its source",
        answers={200: LagBody},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/stop",
        scope="migrations:write",
        summary="Bring the target of an incremental migration up to date once more, and finish it",
        body=StopBody,
        query=StopQuery,
        answers={200: StoppedBody},
    ),
)
