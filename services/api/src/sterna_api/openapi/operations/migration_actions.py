"""`/v1/migrations/{id}/…`: what can be asked of a migration."""

from sterna_api.http.action_answers import (
    CancelledBody,
    PausedBody,
    ResumedBody,
    ReviewedBody,
    StartedBody,
)
from sterna_api.http.migration_bodies import (
    ApproveBody,
    CancelBody,
    PauseBody,
    ResumeBody,
    StartBody,
)
from sterna_api.openapi.operation import Operation

_ONE = "/v1/migrations/{migration_id}"

OPERATIONS = (
    Operation(
        method="POST",
        path=f"{_ONE}/start",
        scope="migrations:write",
        summary="Carry out an approved plan",
        body=StartBody,
        answers={200: StartedBody},
    ),
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
    Operation(
        method="POST",
        path=f"{_ONE}/plan/mappings/{{mapping_id}}/approve",
        scope="migrations:approve",
        summary="Approve a mapping, or reject it",
        body=ApproveBody,
        answers={200: ReviewedBody},
    ),
)
