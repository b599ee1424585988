"""`/v1/migrations`: create, list and look at them."""

from sterna_api.http.entity_tag import IF_NONE_MATCH
from sterna_api.http.logs import EVENT_STREAM, LogsBody
from sterna_api.http.metrics_answers import MetricsBody
from sterna_api.http.migration_answers import CreatedBody, MigrationBody
from sterna_api.http.migration_bodies import CreateMigrationBody, ListQuery, LogsQuery
from sterna_api.http.plan_answers import PlanBody
from sterna_api.openapi.operation import Media, Operation, Page
from sterna_api.projections.migrations import MigrationLine

_ALL = "/v1/migrations"
_ONE = "/v1/migrations/{migration_id}"

OPERATIONS = (
    Operation(
        method="POST",
        path=_ALL,
        scope="migrations:write",
        summary="Make a migration, and have its plan made",
        body=CreateMigrationBody,
        answers={201: CreatedBody},
    ),
    Operation(
        method="GET",
        path=_ALL,
        scope="migrations:read",
        summary="List migrations",
        query=ListQuery,
        answers={200: Page(MigrationLine)},
    ),
    Operation(
        method="GET",
        path=_ONE,
        scope="migrations:read",
        summary="Show a migration: status, phases, figures, times, and why it failed",
        answers={200: MigrationBody},
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/plan",
        scope="migrations:read",
        summary="Show a migration's plan",
        answers={200: PlanBody, 304: None},
        headers={IF_NONE_MATCH: "The `ETag` of the plan that is known; 304 where it is this one"},
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/metrics",
        scope="migrations:read",
        summary="Show a migration in figures, table by table",
        answers={200: MetricsBody},
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/logs",
        scope="migrations:read",
        summary="Read the log of a migration, or follow it",
        description=(
            "With `follow=true` the answer is a stream of Server-Sent Events: `log`, `progress`,"
            " and `end` when the migration is over. Each has an id; a client that sends the last"
            " one as `Last-Event-ID` misses nothing and gets nothing twice. 204 says that there"
            " is nothing more to follow."
        ),
        query=LogsQuery,
        answers={200: (LogsBody, Media(EVENT_STREAM, "The log as it is written")), 204: None},
        headers={"Last-Event-ID": "The id of the last event that was received"},
    ),
)
