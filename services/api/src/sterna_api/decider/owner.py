import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Iterable

import structlog

from sterna_api.decider.alarms import Alarms
from sterna_api.decider.catch_up import catch_up
from sterna_api.decider.dispatcher import TaskDispatcher
from sterna_api.decider.ports import DeciderPorts
from sterna_api.decider.saver import SnapshotSaver
from sterna_api.decider.settings import DeciderSettings
from sterna_api.decider.takeover import claim_term, first_command, opened_writer, restored_fold
from sterna_core.correlation import following_from
from sterna_core.errors import Transient
from sterna_core.journal.aggregate import OutgoingTask, Timer
from sterna_core.journal.codec import AnyAggregate
from sterna_core.journal.dead_letter import dead_letter_record
from sterna_core.journal.draft import DeadLetter, Draft
from sterna_core.journal.entry import Entry
from sterna_core.journal.envelope import request_id_of
from sterna_core.journal.fold import EntryKey, Fold
from sterna_core.journal.log import BatchWriter, Tail
from sterna_core.journal.record import StoredRecord
from sterna_core.journal.sender import CommandSender
from sterna_core.journal.tenure import Tenure, TermLost
from sterna_core.journal.watched_tail import WatchedTail

_READ_WAIT_SECONDS = 0.25
_RETRY_SECONDS_MAX = 2.0
_STEADY_SECONDS = 30.0
"""A term that lasted this long was a good one: the next trouble is a new trouble."""

_log = structlog.get_logger(__name__)


class Owner:
    """Decides on the commands of one partition, term after term, until it is told to stop.

    Within a term: one batch at a time, and commands that come meanwhile make the next one. What
    goes wrong ends the term and begins another; only a fault in our own code gets out of `run`.
    """

    def __init__(self, partition: int, ports: DeciderPorts, settings: DeciderSettings) -> None:
        self._partition = partition
        self._ports = ports
        self._settings = settings
        self._stop = asyncio.Event()
        self._fold: Fold | None = None
        self._trouble = 0
        self._dispatcher = TaskDispatcher(ports.sender, ports.topics, ports.clock)
        self._alarms = Alarms(CommandSender(ports.sender, ports.topics), ports.clock)
        self._saver = SnapshotSaver(ports.snapshots, settings.snapshot_seconds, partition=partition)
        self._quarantined: set[EntryKey] = set()
        self.serving = False
        """Whether it holds a term and takes commands now."""

    def stop(self) -> None:
        """Ask it to finish the batch that is under way and end."""
        self._stop.set()

    async def run(self) -> None:
        """Own the partition until `stop`."""
        async with asyncio.TaskGroup() as group:
            helpers = [
                group.create_task(self._dispatcher.run()),
                group.create_task(self._alarms.run()),
                group.create_task(self._saver.run()),
            ]
            while not self._stop.is_set():
                await self._hold_terms()
            for helper in helpers:
                helper.cancel()
        await self._saver.finish()

    async def _hold_terms(self) -> None:
        """Hold one term, and pause after trouble."""
        began = asyncio.get_running_loop().time()
        try:
            await self._hold_term()
        except (Transient, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and _asked_to_end():
                raise
            _log.warning(
                "term_ended",
                partition=self._partition,
                code=getattr(error, "code", "cancelled_by_library"),
            )
            if asyncio.get_running_loop().time() - began > _STEADY_SECONDS:
                self._trouble = 0
            await self._pause(lost=isinstance(error, TermLost))
            self._trouble += 1
        finally:
            self.serving = False

    async def _pause(self, *, lost: bool) -> None:
        """Wait a little; longer where another owner is at work, which is the one to go on."""
        least = self._settings.yield_seconds if lost else 0.0
        most = min(_RETRY_SECONDS_MAX, self._settings.retry_seconds * 2**self._trouble) + least
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(random.uniform(least, most)):  # ruff: ignore[suspicious-non-cryptographic-random-usage]
                await self._stop.wait()

    async def _hold_term(self) -> None:
        if self._fold is None:
            self._fold = await restored_fold(self._ports, self._partition)
            self._saver.watch(self._fold)
        fold, topics, log = self._fold, self._ports.topics, self._ports.log
        async with opened_writer(log, topics.events, self._partition) as writer:
            tenure = await claim_term(self._ports, fold, writer)
            start = await first_command(self._ports, fold)
            _log.info("term_started", partition=self._partition, term=tenure.term, command=start)
            commands = WatchedTail(log, topics.commands, {self._partition: start})
            try:
                await commands.open()
                await self._begin(fold)
                self.serving = True
                await self._serve(tenure, writer, commands)
            finally:
                await commands.close()

    async def _begin(self, fold: Fold) -> None:
        """Take over what is under way: every task is published again, every timer set."""
        self._dispatcher.reset()
        self._alarms.reset()
        await self._act_on(fold, fold.entries)

    async def _serve(self, tenure: Tenure, writer: BatchWriter, commands: Tail) -> None:
        waiting: deque[StoredRecord] = deque()
        while not self._stop.is_set():
            if not waiting:
                waiting.extend(await commands.read(_READ_WAIT_SECONDS))
            draft = self._draft(tenure, waiting)
            if draft.dead_letters:
                await self._bury(draft.dead_letters)
            if draft.records:
                await self._append(tenure, writer, draft)
            elif waiting:
                await asyncio.sleep(0)

    def _draft(self, tenure: Tenure, waiting: deque[StoredRecord]) -> Draft:
        draft = tenure.draft()
        for _ in range(min(len(waiting), self._settings.batch_commands_max)):
            if not draft.take(waiting[0]):
                break
            waiting.popleft()
        return draft

    async def _append(self, tenure: Tenure, writer: BatchWriter, draft: Draft) -> None:
        first_offset = await writer.append(draft.records)
        fold = tenure.fold
        changed = tenure.confirm(draft, first_offset)
        if changed is None:
            changed = await self._read_on(fold, first_offset + len(draft.records))
        if not tenure.holds:
            raise TermLost("Another owner has opened a later term.")
        await self._act_on(fold, changed)

    async def _read_on(self, fold: Fold, end: int) -> frozenset[EntryKey]:
        """Read what somebody else has written between our batches, and our own after it."""
        topic = self._ports.topics.events
        tail = await self._ports.log.open_tail(topic, {self._partition: fold.next_offset})
        try:
            return await catch_up(fold, tail, end)
        finally:
            await tail.close()

    async def _act_on(self, fold: Fold, keys: Iterable[EntryKey]) -> None:
        """Publish the tasks and set the timers of aggregates that have changed."""
        for key in tuple(keys):
            entry = fold.entries[key]
            aggregate = fold.codec.aggregate_of(entry.aggregate_id)
            if entry.stands_still or aggregate is None:
                with following_from(entry.request_id):
                    self._report_quarantine(key, entry.stands_still or "aggregate_unknown")
                await self._dispatcher.update(key, ())
                self._alarms.update(key, ())
                continue
            tasks, timers = _wishes_of(aggregate, entry)
            await self._dispatcher.update(key, tasks, entry.request_id)
            self._alarms.update(key, timers, entry.request_id)

    async def _bury(self, letters: Iterable[DeadLetter]) -> None:
        topics = self._ports.topics
        for letter in letters:
            with following_from(request_id_of(dict(letter.record.headers))):
                _log.error(
                    "command_dead",
                    partition=self._partition,
                    offset=letter.record.offset,
                    error=letter.error,
                )
            record = dead_letter_record(topics.commands, letter.record, letter.error)
            await self._ports.sender.send(topics.dead_letters, 0, record)

    def _report_quarantine(self, key: EntryKey, reason: str) -> None:
        if key not in self._quarantined:
            self._quarantined.add(key)
            _log.error("aggregate_quarantined", aggregate_id=key[1], reason=reason)


def _asked_to_end() -> bool:
    """Tell whether this task was cancelled: aiokafka lets cancellations of its own tasks out."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _wishes_of(
    aggregate: AnyAggregate, entry: Entry
) -> tuple[tuple[OutgoingTask, ...], tuple[Timer, ...]]:
    """Give an aggregate's tasks and timers; none where it is at fault, which stops it alone."""
    try:
        return aggregate.tasks(entry.state), aggregate.timers(entry.state)
    except Exception:  # ruff: ignore[blind-except]  # any fault of one aggregate stops that one alone
        with following_from(entry.request_id):
            _log.exception("aggregate_at_fault", aggregate_id=entry.aggregate_id)
        return (), ()
