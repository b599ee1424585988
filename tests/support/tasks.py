"""Makes tasks for tests of executors."""

from datetime import UTC, datetime

from sterna_core.connection.endpoint import Endpoint
from sterna_core.tasks.task import Task
from sterna_core.tasks.work import AnyWork, BuildObject


def endpoint(name: str) -> Endpoint:
    return Endpoint(
        connection_id=f"conn_{name}",
        org_id="org_test",
        host="127.0.0.1",
        database=name,
        username="sterna",
        sealed_password="",
    )


def task(number: int = 1, *, attempt: int = 1, work: AnyWork | None = None) -> Task:
    return Task(
        task_id=f"tsk_{number}",
        attempt=attempt,
        migration_id="mig_1",
        org_id="org_test",
        epoch=1,
        source=endpoint("old"),
        target=endpoint("new"),
        work=work or BuildObject(object_id=str(number)),
        dispatched_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


async def granted() -> None:
    """Say that a task is still wanted."""
