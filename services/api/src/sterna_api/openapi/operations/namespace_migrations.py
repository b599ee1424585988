"""`/v1/namespaces/migrations`."""

from sterna_api.http.id_lines import CSV
from sterna_api.http.logs import EVENT_STREAM, LogsBody
from sterna_api.http.media import NDJSON
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
    NamespaceLogsQuery,
    PauseMigrationRequest,
    ResumeMigrationRequest,
    RollbackMigrationRequest,
    StartMigrationRequest,
    ValidateMigrationRequest,
)
from sterna_api.http.namespace_migration_metrics import NamespaceMetricsBody
from sterna_api.http.namespace_migration_rollback import RollbackMigrationResponse
from sterna_api.openapi.operation import Media, Operation

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
        method="POST",
        path=f"{_ONE}/rollback",
        scope="migrations:write",
        summary="Lead aliases back to the source, and remove a target that is of no use",
        description=(
            "After a completion the target stays, unless `drop_target` is true; that of a migration"
            " that failed or was cancelled is always removed. `additional_data.phase` tells how far"
            " it is. Again it changes nothing."
        ),
        body=RollbackMigrationRequest,
        answers={200: RollbackMigrationResponse},
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/logs",
        scope="migrations:read",
        summary="Read the log of a migration of a namespace, or follow it",
        description=(
            "Lines, filters and the stream of Server-Sent Events are those of the logs of a"
            " migration of a database; a `phase` is a stage here, and `resource` names the"
            " resource of a line."
        ),
        query=NamespaceLogsQuery,
        answers={200: (LogsBody, Media(EVENT_STREAM, "The log as it is written")), 204: None},
        headers={"Last-Event-ID": "The id of the last event that was received"},
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/id-map",
        scope="migrations:read",
        summary="Give the new id of everything that goes along, line by line",
        description=(
            "The namespace, its resources, and the documents of each collection as the source has"
            " them now: `kind`, `old`, `new`, and `collection` of documents. By lines of JSON, or"
            " as CSV where `Accept` takes that alone."
        ),
        answers={
            200: (
                Media(NDJSON, "A JSON object on each line"),
                Media(CSV, "The same with a heading"),
            )
        },
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/metrics",
        scope="migrations:read",
        summary="Show a migration of a namespace in figures, collection by collection",
        answers={200: NamespaceMetricsBody},
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        scope="migrations:write",
        summary="Forget a migration of a namespace that is not at work",
        answers={204: None},
    ),
)
