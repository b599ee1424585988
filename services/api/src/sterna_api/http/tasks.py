"""`/v1/tasks/{task_id}`: a migration of either kind as the task that it is."""

from typing import Any, Literal

from aiohttp import web
from msgspec import Struct

from sterna_api.http.answer import answer
from sterna_api.http.caller import caller_of
from sterna_api.http.resource_id import not_found, resource_id
from sterna_api.projections.migrations import KnownMigration, Migrations
from sterna_api.projections.namespace_migrations import NamespaceMigrations
from sterna_core import ids
from sterna_core.migration.status import Status
from sterna_core.namespace_migration.progress import MigrationStatus
from sterna_core.namespace_migration.view import NamespaceMigrationView

TaskStatus = Literal[
    "PENDING",
    "IN_PROGRESS",
    "PROCESSING",
    "COMPLETED",
    "COMPLETED_WITH_ERRORS",
    "FAILED",
    "CANCELED",
    "UNKNOWN",
    "SKIPPED",
    "DRAFT",
    "ACTIVE",
    "ARCHIVED",
    "SUSPENDED",
]
TaskType = Literal["api_migrations_run", "api_namespaces_migrations_run"]

_OF_DATABASES: dict[Status, TaskStatus] = {
    "pending": "PENDING",
    "planning": "PENDING",
    "plan_ready": "DRAFT",
    "approved": "DRAFT",
    "running": "IN_PROGRESS",
    "pausing": "IN_PROGRESS",
    "paused": "SUSPENDED",
    "validating": "PROCESSING",
    "completed": "COMPLETED",
    "failed": "FAILED",
    "cancelled": "CANCELED",
    "rolling_back": "PROCESSING",
    "rolled_back": "CANCELED",
}
_OF_NAMESPACES: dict[MigrationStatus, TaskStatus] = {
    "draft": "DRAFT",
    "validating": "PENDING",
    "pending": "PENDING",
    "in_progress": "IN_PROGRESS",
    "completed": "COMPLETED",
    "failed": "FAILED",
    "cancelled": "CANCELED",
}


class TaskResponse(Struct, frozen=True, kw_only=True):
    """A task; `additional_data` says which migration it is, and how far."""

    task_id: str
    task_type: TaskType
    status: TaskStatus
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    additional_data: dict[str, str | float]
    error: str | None = None


class TaskRoutes:
    """`/v1/tasks`: each migration has one, which is there for as long as the migration is."""

    def __init__(self, migrations: Migrations, of_namespaces: NamespaceMigrations) -> None:
        self._migrations = migrations
        self._of_namespaces = of_namespaces

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.get("/v1/tasks/{task_id}", self.show, allow_head=False)]

    async def show(self, request: web.Request) -> web.Response:
        """Show a migration as a task."""
        task_id = resource_id(request, name="task_id", prefix=ids.TASK, noun="task")
        org_id, rest = caller_of(request).org_id, task_id.removeprefix(ids.TASK)
        view = await self._of_namespaces.find(org_id, ids.NAMESPACE_MIGRATION + rest)
        if view is not None:
            return answer(_of_namespace(task_id, view))
        known = await self._migrations.find(org_id, ids.MIGRATION + rest)
        if known is not None:
            return answer(_of_database(task_id, known))
        raise not_found("task")


def _of_namespace(task_id: str, view: NamespaceMigrationView) -> TaskResponse:
    status = _OF_NAMESPACES[view.status]
    if status == "COMPLETED" and view.set_aside:
        status = "COMPLETED_WITH_ERRORS"
    elif view.phase == "paused":
        status = "SUSPENDED"
    data: dict[str, Any] = {"migration_id": view.migration_id, "progress_percent": view.percent}
    if view.current_stage is not None:
        data["current_stage"] = view.current_stage
    return TaskResponse(
        task_id=task_id,
        task_type="api_namespaces_migrations_run",
        status=status,
        inputs=(view.source.namespace_id,),
        outputs=(view.target.namespace_id,),
        additional_data=data,
        error=view.error_message,
    )


def _of_database(task_id: str, known: KnownMigration) -> TaskResponse:
    view = known.view
    return TaskResponse(
        task_id=task_id,
        task_type="api_migrations_run",
        status=_OF_DATABASES[view.status],
        inputs=(view.about.source.endpoint.connection_id,),
        outputs=(view.about.target.endpoint.connection_id,),
        additional_data={
            "migration_id": known.migration_id,
            "progress_percent": float(known.percent),
        },
        error=view.failure.message if view.failure and view.status == "failed" else None,
    )
