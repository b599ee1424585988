"""`/v1/tasks`."""

from sterna_api.http.tasks import TaskResponse
from sterna_api.openapi.operation import Operation

OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/tasks/{task_id}",
        scope="migrations:read",
        summary="Show a migration of either kind as a task",
        description="The task of a migration has its id with `tsk_` in place of its prefix.",
        answers={200: TaskResponse},
    ),
)
