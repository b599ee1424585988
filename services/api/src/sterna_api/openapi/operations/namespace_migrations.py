"""`/v1/namespaces/migrations`."""

from sterna_api.http.namespace_migration_answers import (
    CancelMigrationResponse,
    CreateMigrationResponse,
    GetMigrationResponse,
    HaltResponse,
    ListMigrationsResponse,
    StartMigrationResponse,
    ValidateMigrationResponse,
)
from sterna_api.http.namespace_migration_bodies import (
    CancelMigrationRequest,
    CreateMigrationRequest,
    ListMigrationsRequest,
    PauseMigrationRequest,
    ResumeMigrationRequest,
    StartMigrationRequest,
    ValidateMigrationRequest,
)
from sterna_api.openapi.operation import Operation

_ALL = "/v1/namespaces/migrations"
_ONE = f"{_ALL}/{{namespace_migration_id}}"

OPERATIONS = (
    Operation(
        method="POST",
        path=f"{_ALL}/",
        scope="migrations:write",
        summary="Create a migration of a namespace; with `start_immediately` it begins at once",
        body=CreateMigrationRequest,
        answers={201: CreateMigrationResponse},
    ),
    Operation(
        method="POST",
        path=f"{_ALL}/validate",
        scope="migrations:read",
        summary="Say what a migration of a namespace would meet; nothing is made",
        body=ValidateMigrationRequest,
        answers={200: ValidateMigrationResponse},
    ),
    Operation(
        method="POST",
        path=f"{_ALL}/list",
        scope="migrations:read",
        summary="List migrations of namespaces, newest first",
        body=ListMigrationsRequest,
        answers={200: ListMigrationsResponse},
    ),
    Operation(
        method="GET",
        path=_ONE,
        scope="migrations:read",
        summary="Show a migration of a namespace with its progress",
        answers={200: GetMigrationResponse},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/start",
        scope="migrations:write",
        summary="Carry out a draft; with `force` in spite of warnings",
        body=StartMigrationRequest,
        answers={200: StartMigrationResponse},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/pause",
        scope="migrations:write",
        summary="Give out no more work; with `immediate` stop what is at work",
        body=PauseMigrationRequest,
        answers={200: HaltResponse},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/resume",
        scope="migrations:write",
        summary="Go on after a pause, or after a failure whose cause was put right",
        body=ResumeMigrationRequest,
        answers={200: HaltResponse},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/cancel",
        scope="migrations:write",
        summary="Give up: the source is as it was, and nothing writes to the target any more",
        body=CancelMigrationRequest,
        answers={200: CancelMigrationResponse},
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        scope="migrations:write",
        summary="Forget a migration of a namespace that is not at work",
        answers={204: None},
    ),
)
