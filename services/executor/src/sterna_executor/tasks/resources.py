import asyncio

from sterna_core.clock import Clock
from sterna_core.tasks.telemetry import Resources
from sterna_executor.tasks.figures import Telemetry
from sterna_executor.tasks.runner import Runner
from sterna_executor.tasks.usage import UsageMeter


class ResourceTeller:
    """Tells now and then, for each migration at work here, what this executor uses."""

    def __init__(
        self,
        telemetry: Telemetry,
        runner: Runner,
        meter: UsageMeter,
        executor_id: str,
        clock: Clock,
        *,
        interval_seconds: float,
    ) -> None:
        self._telemetry = telemetry
        self._runner = runner
        self._meter = meter
        self._executor_id = executor_id
        self._clock = clock
        self._interval_seconds = interval_seconds

    async def run(self) -> None:
        """Tell for ever."""
        while True:
            await asyncio.sleep(self._interval_seconds)
            self.tell()

    def tell(self) -> None:
        """Tell once; nothing while nothing is at work."""
        usage, now = self._meter.read(), self._clock()
        for (org_id, migration_id), workers in self._runner.workers().items():
            self._telemetry.offer(
                Resources(
                    org_id=org_id,
                    migration_id=migration_id,
                    timestamp=now,
                    executor_id=self._executor_id,
                    active_workers=workers,
                    cpu_percent=usage.cpu_percent,
                    memory_percent=usage.memory_percent,
                    network_percent=usage.network_percent,
                )
            )
