from datetime import datetime

from msgspec import Struct

from sterna_core.correlation import current_request_id
from sterna_core.journal.command import command_record
from sterna_core.journal.log import RecordSender
from sterna_core.journal.topics import Topics


class CommandSender:
    """Puts commands on the bus, without waiting for what becomes of them."""

    def __init__(self, sender: RecordSender, topics: Topics) -> None:
        self._sender = sender
        self._topics = topics

    async def append(
        self,
        aggregate_id: str,
        org_id: str,
        command: Struct,
        *,
        command_id: str,
        actor: str,
        now: datetime,
        expect_outcome: bool = False,
        request_hash: str | None = None,
    ) -> tuple[int, int]:
        """Append a command; gives its partition and offset when the bus has it for good.

        Many may be under way at once: those of a partition share batches. Raises AppendUnknown
        (the same command under the same id may be sent again: an aggregate answers an id once),
        RecordTooLarge, Unreachable.
        """
        record = command_record(
            command,
            org_id=org_id,
            aggregate_id=aggregate_id,
            command_id=command_id,
            actor=actor,
            now=now,
            expect_outcome=expect_outcome,
            request_hash=request_hash,
            request_id=current_request_id(),
        )
        partition = self._topics.partition_of(org_id, aggregate_id)
        return partition, await self._sender.send(self._topics.commands, partition, record)
