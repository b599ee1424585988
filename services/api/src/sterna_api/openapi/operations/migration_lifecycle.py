"""`/v1/migrations/{id}`: change, mark, undo and delete it, and see how it goes."""

from sterna_api.http.lifecycle_answers import (
    CheckpointShown,
    DeletedBody,
    RestoredBody,
    RollbackBegun,
    RollbackStatusBody,
    StatusBody,
)
from sterna_api.http.lifecycle_bodies import (
    CheckpointBody,
    DeleteQuery,
    EditMigrationBody,
    RestoreBody,
    RollbackBody,
)
from sterna_api.http.migration_answers import MigrationBody
from sterna_api.http.paging import PageQuery
from sterna_api.openapi.operation import Operation, Page
from sterna_api.projections.checkpoints import KnownCheckpoint

_ONE = "/v1/migrations/{migration_id}"

OPERATIONS = (
    Operation(
        method="PATCH",
        path=_ONE,
        scope="migrations:write",
        summary="Change a migration before it is started; where needed it is planned again",
        body=EditMigrationBody,
        answers={200: MigrationBody},
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        scope="migrations:write",
        summary="Delete a migration that is not at work",
        query=DeleteQuery,
        answers={200: DeletedBody},
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/status",
        scope="migrations:read",
        summary="Show a migration in short: status, phase, progress, times, errors",
        answers={200: StatusBody},
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/checkpoints",
        scope="migrations:read",
        summary="List the checkpoints of a run, the newest first",
        query=PageQuery,
        answers={200: Page(KnownCheckpoint)},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/checkpoints",
        scope="migrations:write",
        summary="Make a checkpoint",
        body=CheckpointBody,
        answers={201: CheckpointShown},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/restore",
        scope="migrations:write",
        summary="Go back to a checkpoint: what came after it is taken back on the target",
        body=RestoreBody,
        answers={200: RestoredBody},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/rollback",
        scope="migrations:write",
        summary="Undo a migration that is not at work, or the rows of tables, or phases",
        body=RollbackBody,
        answers={200: RollbackBegun},
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/rollback/status",
        scope="migrations:read",
        summary="Show how the last rollback goes, or went",
        answers={200: RollbackStatusBody},
    ),
)
