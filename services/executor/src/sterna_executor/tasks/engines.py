from sterna_core.tasks.namespace_work import NamespaceTask
from sterna_executor.databases.postgresql.engine import PostgresqlEngine
from sterna_executor.namespaces.engine import NamespaceEngine
from sterna_executor.tasks.any_task import AnyTask
from sterna_executor.tasks.engine import Report


class Engines:
    """Carries out each task where its kind is known."""

    def __init__(self, databases: PostgresqlEngine, namespaces: NamespaceEngine) -> None:
        self._databases = databases
        self._namespaces = namespaces

    async def carry_out(self, task: AnyTask, report: Report) -> None:
        """Do a task; see the port."""
        if isinstance(task, NamespaceTask):
            await self._namespaces.carry_out(task, report)
        else:
            await self._databases.carry_out(task, report)

    async def close(self) -> None:
        """Close what is open."""
        await self._databases.close()
        await self._namespaces.close()
