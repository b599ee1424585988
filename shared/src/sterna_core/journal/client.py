import asyncio
from datetime import datetime

import structlog
from msgspec import Struct

from sterna_core.correlation import current_request_id
from sterna_core.errors import OutcomeUnknown, Transient
from sterna_core.journal.codec import Codec, encode
from sterna_core.journal.command import command_record, hash_of
from sterna_core.journal.log import Log, RecordSender
from sterna_core.journal.origin import Origin
from sterna_core.journal.outcome import Outcome
from sterna_core.journal.reader import JournalReader, end_positions
from sterna_core.journal.record import OutgoingRecord
from sterna_core.journal.sender import CommandSender
from sterna_core.journal.terms import Position
from sterna_core.journal.topics import Topics
from sterna_core.journal.verdict import outcome_of
from sterna_core.journal.waiter import WaitingRoom

_RETRY_SECONDS = 0.5
_log = structlog.get_logger(__name__)


class CommandClient:
    """Sends commands and waits for what becomes of them.

    `run` reads the journal for those who wait; it belongs to a task of the process, and `send`
    waits until it has begun. `append` sends what nobody waits for, see `CommandSender`.
    """

    def __init__(self, log: Log, sender: RecordSender, codec: Codec, topics: Topics) -> None:
        self._log = log
        self._codec = codec
        self._topics = topics
        self._sender = sender
        self.append = CommandSender(sender, topics).append
        self._room = WaitingRoom()
        self._reading = asyncio.Event()
        self._positions: dict[int, Position] | None = None

    async def run(self) -> None:
        """Read the journal from its end on, for ever; goes on where it was after a fault."""
        while True:
            try:
                await self._read_on()
            except Transient as error:
                _log.warning("outcome_reader_interrupted", code=error.code)
                await asyncio.sleep(_RETRY_SECONDS)

    async def ready(self) -> None:
        """Wait until outcomes are being read."""
        await self._reading.wait()

    async def send(
        self,
        aggregate_id: str,
        org_id: str,
        command: Struct,
        *,
        command_id: str,
        actor: str,
        now: datetime,
        deadline_seconds: float,
        request_hash: str | None = None,
        origin: Origin | None = None,
    ) -> Outcome:
        """Send a command and wait for its outcome, a refusal included.

        Give `request_hash` where the command holds something fresh (what was just encrypted): it
        then tells a repeat from another request under the same id.

        Raises OutcomeUnknown when the deadline has passed: the command may still be decided on,
        and the same command id may be sent again. Raises RecordTooLarge.
        """
        request_hash = request_hash or hash_of(encode(command))
        record = command_record(
            command,
            org_id=org_id,
            aggregate_id=aggregate_id,
            command_id=command_id,
            actor=actor,
            now=now,
            expect_outcome=True,
            request_hash=request_hash,
            origin=origin,
            request_id=current_request_id(),
        )
        partition = self._topics.partition_of(org_id, aggregate_id)
        with self._room.wait_for(command_id, partition) as waiter:
            try:
                async with asyncio.timeout(deadline_seconds):
                    await self.ready()
                    await waiter.decision_on(await self._append(partition, record))
            except TimeoutError:
                _log.warning("outcome_late", partition=partition, command_id=command_id)
            # What was appended twice, because it was not known whether it was at all, is answered
            # by the decision first and by a reminder of it later.
            decision = waiter.first_decision(request_hash)
        if decision is None:
            raise OutcomeUnknown(
                "What became of the command is not known yet. Send the same request again with"
                " the same Idempotency-Key: it is carried out once."
            )
        return outcome_of(decision, self._codec)

    async def _append(self, partition: int, record: OutgoingRecord) -> int:
        """Append a command, again and again if it is not known whether that was done."""
        while True:
            try:
                return await self._sender.send(self._topics.commands, partition, record)
            except Transient as error:
                _log.warning("command_not_acknowledged", partition=partition, code=error.code)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _read_on(self) -> None:
        events = self._topics.events
        if self._positions is None:
            self._positions = await end_positions(self._log, events, range(self._topics.partitions))
        async with JournalReader(self._log, events, self._positions) as reader:
            self._reading.set()
            while True:
                for decision in await reader.read():
                    self._room.offer(decision)
                self._positions = reader.positions
