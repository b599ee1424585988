from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from msgspec import Struct

from sterna_core.journal.aggregate import OutgoingTask, Timer
from sterna_core.journal.codec import AnyAggregate, Codec
from sterna_core.journal.command import command_record
from sterna_core.journal.decision import DecisionReader
from sterna_core.journal.draft import DeadLetter
from sterna_core.journal.fold import Fold, blank
from sterna_core.journal.outcome import Outcome
from sterna_core.journal.record import OutgoingRecord, StoredRecord
from sterna_core.journal.tenure import Tenure
from sterna_core.journal.terms import Position
from sterna_core.journal.verdict import outcome_of

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class LocalDecider:
    """Runs aggregates in this process, by the journal's own rules, without a bus or a loop.

    For tests of aggregates and for whatever reads the journal: every command goes through its
    wire form, and `events` is a partition as a reader would find it. Time stands still until
    `now` is set; timers fire when `fire_timers` is called.
    """

    def __init__(self, aggregates: Iterable[AnyAggregate], *, org_id: str = "org_test") -> None:
        self.codec = Codec(aggregates)
        self.org_id = org_id
        self.now = EPOCH
        self.commands: list[StoredRecord] = []
        self.events: list[StoredRecord] = []
        self.dead_letters: list[DeadLetter] = []
        self._tenure = Tenure(Fold(0, self.codec), "local")
        self._reader = DecisionReader({0: Position()})
        self._fired: set[tuple[str, str]] = set()
        self._append([self._tenure.claim(self.now)])
        self._tenure.fold.apply(self.events[0])
        self._reader.feed(self.events)

    def send(
        self,
        aggregate_id: str,
        command: Struct,
        *,
        command_id: str | None = None,
        actor: str = "key_test",
        expect_outcome: bool = True,
        request_hash: str | None = None,
    ) -> Outcome | None:
        """Decide on a command; gives its outcome, or none where it changed nothing unasked."""
        record = command_record(
            command,
            org_id=self.org_id,
            aggregate_id=aggregate_id,
            command_id=command_id or str(uuid4()),
            actor=actor,
            now=self.now,
            expect_outcome=expect_outcome,
            request_hash=request_hash,
        )
        stored = StoredRecord(0, len(self.commands), record.key, record.value, record.headers)
        self.commands.append(stored)
        draft = self._tenure.draft()
        draft.take(stored)
        self.dead_letters.extend(draft.dead_letters)
        first = self._append(draft.records)
        self._tenure.confirm(draft, first)
        decisions = self._reader.feed(self.events[first:])
        return outcome_of(decisions[-1], self.codec) if decisions else None

    def state(self, aggregate_id: str) -> Any:
        """Give an aggregate's state."""
        aggregate = self.codec.aggregate_of(aggregate_id)
        key = (self.org_id, aggregate_id)
        return (self._tenure.fold.entries.get(key) or blank(*key, aggregate)).state

    def tasks(self, aggregate_id: str) -> tuple[OutgoingTask, ...]:
        """Give the tasks that should be with executors now."""
        aggregate = self.codec.aggregate_of(aggregate_id)
        return aggregate.tasks(self.state(aggregate_id)) if aggregate else ()

    def timers(self, aggregate_id: str) -> tuple[Timer, ...]:
        """Give the timers that are set."""
        aggregate = self.codec.aggregate_of(aggregate_id)
        return aggregate.timers(self.state(aggregate_id)) if aggregate else ()

    def aggregate_ids(self) -> list[str]:
        """Give everything that a command was ever accepted or refused for."""
        return [aggregate_id for _, aggregate_id in self._tenure.fold.entries]

    def has_fired(self, aggregate_id: str, name: str) -> bool:
        """Tell whether a timer has fired."""
        return (aggregate_id, name) in self._fired

    def fire_timers(self, aggregate_id: str) -> int:
        """Send the commands of the timers that are due at `now`; gives how many."""
        due = [
            timer
            for timer in self.timers(aggregate_id)
            if timer.at <= self.now and (aggregate_id, timer.name) not in self._fired
        ]
        for timer in due:
            self._fired.add((aggregate_id, timer.name))
            to = timer.to or aggregate_id
            self.send(to, timer.command, actor="timer", expect_outcome=False)
        return len(due)

    def _append(self, records: list[OutgoingRecord]) -> int:
        first = len(self.events)
        self.events.extend(
            StoredRecord(0, first + place, record.key, record.value, record.headers)
            for place, record in enumerate(records)
        )
        return first
