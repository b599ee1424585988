"""`/v1/migrations/{id}/…`: what can be asked of a migration."""

from sterna_api.http.action_answers import (
    CancelledBody,
    PausedBody,
    ResumedBody,
)
from sterna_api.http.migration_bodies import (
    CancelBody,
    PauseBody,
    ResumeBody,
)
from sterna_api.openapi.operation import Operation

_ONE = "/v1/migrations/{migration_id}"

OPERATIONS = (
    Operation(
        method="POST",
        path=f"{_ONE}/pause",
        scope="migrations:write",
        summary="Stop at the next checkpoint, or at once",
        body=PauseBody,
        answers={200: PausedBody},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/resume",
        scope="migrations:write",
        summary="Go on from where it was",
        body=ResumeBody,
        answers={200: ResumedBody},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/cancel",
        scope="migrations:write",
        summary="Give up; with `rollback` the target becomes what it was",
        body=CancelBody,
        answers={200: CancelledBody},
    ),
)
