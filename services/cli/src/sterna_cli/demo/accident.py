import os
import signal
from collections.abc import Sequence

from sterna_cli.client.answers import Migration
from sterna_cli.embedded import SupervisedProcess
from sterna_cli.migrate.watch import Remark

_HALF = 0.5


class Accident:
    """Kills an executor with SIGKILL, once, when half of the rows have been copied.

    The supervisor starts it again, as systemd or Kubernetes would.
    """

    def __init__(self, executors: Sequence[SupervisedProcess]) -> None:
        self._executors = executors
        self.happened = False

    async def look(self, migration: Migration, remark: Remark) -> None:
        """Look at a migration that runs, and strike if it is time."""
        metrics = migration.metrics
        if (
            self.happened
            or migration.phase != "data_transfer"
            or metrics.records_processed < _HALF * metrics.records_total
        ):
            return
        victim = self._executors[0]
        pid = victim.pid
        if pid is None:
            return
        os.kill(pid, signal.SIGKILL)
        self.happened = True
        remark(
            f"SIGKILL to {victim.name} (pid {pid}) with {metrics.records_processed:,} of about "
            f"{metrics.records_total:,} rows copied"
        )
