import msgspec
import structlog

from sterna_core.journal.decision import Decision
from sterna_core.journal.log import Log
from sterna_core.journal.reader import JournalReader, end_positions
from sterna_core.journal.topics import Topics
from sterna_core.migration.events import TaskWithdrawn
from sterna_executor.tasks.runner import Runner

_log = structlog.get_logger(__name__)
_TYPE = str(TaskWithdrawn.__struct_config__.tag)


class Withdrawals:
    """Follows the journal for tasks that are withdrawn, and stops them here."""

    def __init__(self, log: Log, topics: Topics, runner: Runner) -> None:
        self._log = log
        self._topics = topics
        self._runner = runner
        self._decoder = msgspec.json.Decoder(TaskWithdrawn)

    async def run(self) -> None:
        """Follow for ever, from where the journal ends now."""
        partitions = range(self._topics.partitions)
        positions = await end_positions(self._log, self._topics.events, partitions)
        async with JournalReader(self._log, self._topics.events, positions) as reader:
            _log.info("withdrawals.followed")
            while True:
                for decision in await reader.read():
                    self._take(decision)

    def _take(self, decision: Decision) -> None:
        for record in decision.records:
            if record.type == _TYPE:
                event = self._decoder.decode(record.body)
                self._runner.withdraw(event.task_id, event.attempt, event.executor_id)
