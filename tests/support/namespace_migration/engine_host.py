"""An executor of namespaces beside a service under test, on the same bus and the same stores."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
from msgspec import Struct
from tests.support.api.service import Service

from sterna_core.errors import SternaError, Transient
from sterna_core.migration.reports import ReportTaskFailed
from sterna_core.retriever.embedding import InstalledEmbedders
from sterna_core.tasks.namespace_work import NamespaceTask, NamespaceWork
from sterna_executor.clusters.door import Clusters
from sterna_executor.clusters.limits import ClusterLimits
from sterna_executor.namespaces.book import BusNamespaceBook
from sterna_executor.namespaces.engine import NamespaceEngine
from sterna_executor.tasks.claims import BusClaims

_ID = "exe_1"
_task = msgspec.json.Decoder(NamespaceTask)


class EngineHost:
    """Carries out every task; with `twice` each is done once without a report before.

    Work of the kind `lost` is done, and its reports never arrive.
    """

    def __init__(
        self, service: Service, *, twice: bool = False, lost: type[NamespaceWork] | None = None
    ) -> None:
        self._service = service
        self._twice = twice
        self._lost = lost
        log, topics = service.log, service.topics
        self._engine = NamespaceEngine(
            service.stores,
            BusNamespaceBook(log, log, topics, _ID, _now),
            BusClaims(log, log, topics, _ID, _now),
            InstalledEmbedders(service.extractors, service.vectors),
            Clusters(service.artifacts, ClusterLimits()),
            _ID,
        )

    async def run(self) -> None:
        """Take tasks for ever."""
        topics = self._service.topics
        tail = await self._service.log.open_tail(
            topics.tasks, dict.fromkeys(range(topics.task_partitions), 0)
        )
        try:
            while True:
                tasks = [_task.decode(each.value or b"") for each in await tail.read(0.2)]
                await asyncio.gather(*(self._carry_out(task) for task in tasks))
        finally:
            await tail.close()

    async def _carry_out(self, task: NamespaceTask) -> None:
        async def forget(report: Struct) -> None:
            del report

        async def report(message: Struct) -> None:
            await self._service.client_of_journal.append(
                task.migration_id,
                task.org_id,
                message,
                command_id=str(uuid4()),
                actor=f"executor:{_ID}",
                now=_now(),
            )

        try:
            if self._twice:
                await self._engine.carry_out(task, forget)
            is_lost = self._lost is not None and isinstance(task.work, self._lost)
            await self._engine.carry_out(task, forget if is_lost else report)
        except SternaError as error:
            await report(
                ReportTaskFailed(
                    task_id=task.task_id,
                    attempt=task.attempt,
                    executor_id=_ID,
                    code=error.code,
                    message=error.message,
                    transient=isinstance(error, Transient),
                    details=error.details,
                )
            )


def _now() -> datetime:
    return datetime.now(UTC)
