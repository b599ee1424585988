"""The protocol against every order in which owners, the broker and faults can act."""

import random
from collections.abc import Generator
from itertools import count
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sterna_core.journal.codec import Codec
from sterna_core.journal.command import command_record
from sterna_core.journal.decision import Decision, DecisionReader
from sterna_core.journal.fold import Fold, fold_of
from sterna_core.journal.local import EPOCH
from sterna_core.journal.outcome import CommandRepeated
from sterna_core.journal.record import OutgoingRecord, StoredRecord
from sterna_core.journal.tally import TALLY, Add, Added
from sterna_core.journal.tenure import Tenure
from sterna_core.journal.terms import Position, anchored_position, mark_of

CODEC = Codec([TALLY])
ORG = "org_test"
ACKED, ACK_LOST, DROPPED, LATE = "acked", "ack_lost", "dropped", "late"
STEP, CRASH, DELIVER, DUPLICATE = "step", "crash", "deliver", "duplicate"


def stored(offset: int, record: OutgoingRecord) -> StoredRecord:
    return StoredRecord(0, offset, record.key, record.value, record.headers)


def commands(identities: list[tuple[int, int]]) -> list[StoredRecord]:
    """Commands to a few tallies; equal identities are the same command sent again."""
    records = []
    for offset, (tally, number) in enumerate(identities):
        record = command_record(
            Add(number + 1, parts=1 + number % 3),
            org_id=ORG,
            aggregate_id=f"tally_{tally}",
            command_id=str(UUID(int=number)),
            actor="key_test",
            now=EPOCH,
            expect_outcome=True,
        )
        records.append(stored(offset, record))
    return records


class Broker:
    """One partition of the journal, and the batches that are still on their way to it."""

    def __init__(self) -> None:
        self.records: list[StoredRecord] = []
        self.on_the_way: list[list[OutgoingRecord]] = []
        self.batches: list[list[OutgoingRecord]] = []

    def take(self, batch: list[OutgoingRecord]) -> int:
        first = len(self.records)
        self.records.extend(stored(first + place, record) for place, record in enumerate(batch))
        self.batches.append(batch)
        return first

    def append(self, batch: list[OutgoingRecord], fate: str) -> int | None:
        """Append by a fate; gives the offset, or none where the owner does not learn it."""
        match fate:
            case "acked":
                return self.take(batch)
            case "ack_lost":
                self.take(batch)
            case "late":
                self.on_the_way.append(batch)
        return None

    def deliver(self) -> None:
        if self.on_the_way:
            self.take(self.on_the_way.pop(0))

    def duplicate(self, which: int) -> None:
        """Append an old batch again. Within a term the broker knows its sequence number."""
        term = max((mark.term for r in self.records if (mark := mark_of(r))), default=0)
        old = [b for b in self.batches if int(dict(b[0].headers)["ce_term"]) < term]
        if old:
            self.take(old[which % len(old)])


class World:
    """Commands, a broker, and owners that each act one step at a time."""

    def __init__(
        self, identities: list[tuple[int, int]], *, owners: int, unknown_is: str = "the end"
    ) -> None:
        self.commands = commands(identities)
        self.broker = Broker()
        self.unknown_is = unknown_is
        self.names = count()
        self.confirmed: set[str] = set()
        self.fate = ACKED
        self.owners = [self.owner() for _ in range(owners)]

    def act(self, who: int, action: str, fate: str) -> None:
        self.fate = fate
        match action:
            case "crash":
                self.owners[who % len(self.owners)] = self.owner()
            case "deliver":
                self.broker.deliver()
            case "duplicate":
                self.broker.duplicate(who)
            case _:
                next(self.owners[who % len(self.owners)])

    def settle(self) -> Fold:
        """Let one last owner, whom nothing happens to, answer all that is not answered."""
        while self.broker.on_the_way:
            self.broker.deliver()
        self.fate = ACKED
        fold = Fold(0, CODEC)
        last = self.owner(fold)
        for _ in range(20 + 10 * len(self.commands)):
            next(last)
        return fold

    def owner(self, fold: Fold | None = None) -> Generator[None]:
        """An owner; every `yield` is a moment at which others may act."""
        fold = fold or Fold(0, CODEC)
        while True:
            yield
            self.read(fold)
            tenure = Tenure(fold, f"owner{next(self.names)}")
            claim = tenure.claim(EPOCH)
            yield
            offset = self.broker.append([claim], self.fate)
            if offset is None:
                continue
            yield
            self.read(fold, offset + 1)
            if tenure.holds:
                yield from self.serve(tenure)

    def serve(self, tenure: Tenure) -> Generator[None]:
        fold = tenure.fold
        while True:
            yield
            draft = tenure.draft()
            for command in self.commands[fold.source_offset + 1 :][:3]:
                draft.take(command)
            if not draft.records:
                continue
            yield
            offset = self.broker.append(draft.records, self.fate)
            if offset is None:
                if self.unknown_is == "the end":
                    return
                if self.unknown_is == "appended":
                    tenure.confirm(draft, fold.next_offset)
                continue
            yield
            if tenure.confirm(draft, offset) is None:
                self.read(fold, offset + len(draft.records))
            if not tenure.holds:
                return
            self.confirmed.update(dict(r.headers)["ce_id"].decode() for r in draft.records)

    def read(self, fold: Fold, end: int | None = None) -> None:
        for record in self.broker.records[fold.next_offset : end]:
            fold.apply(record)


def check(world: World, fold: Fold) -> None:
    """No command is answered twice, skipped, or decided on a state that was not."""
    records = world.broker.records
    decisions = DecisionReader({0: Position()}).feed(records)
    assert [d.source_offset for d in decisions] == list(range(len(world.commands)))
    check_states(decisions)
    visible = {
        dict(records[r.offset].headers)["ce_id"].decode() for d in decisions for r in d.records
    }
    assert world.confirmed <= visible
    assert not fold.quarantined
    replayed = fold_of(0, CODEC, records)
    assert (replayed.entries, replayed.position) == (fold.entries, fold.position)
    check_middle(records, decisions)


def check_states(decisions: list[Decision]) -> None:
    totals: dict[str, int] = {}
    answered: set[tuple[str, str]] = set()
    for decision in decisions:
        identity = (decision.aggregate_id, decision.command_id)
        for event in decision.events(CODEC):
            if identity in answered:
                assert isinstance(event, CommandRepeated)
            else:
                assert isinstance(event, Added)
                assert event.before == totals.get(decision.aggregate_id, 0)
                totals[decision.aggregate_id] = event.before + event.amount
        answered.add(identity)


def check_middle(records: list[StoredRecord], decisions: list[Decision]) -> None:
    """Whoever begins in the middle, by a position or by the records alone, sees the same."""
    for place, decision in enumerate(decisions):
        rest = DecisionReader({0: decision.after}).feed(records[decision.after.next_offset :])
        assert rest == decisions[place + 1 :]
    for start in range(len(records)):
        end = min(len(records), start + 7)
        position = anchored_position(records[start:end])
        if position is not None:
            whole = fold_of(0, CODEC, records[:end])
            assert position == whole.position


identities = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), min_size=1, max_size=8)
fates = st.sampled_from([ACKED, ACKED, ACKED, ACK_LOST, DROPPED, LATE])
actions = st.sampled_from([STEP] * 12 + [CRASH, DELIVER, DELIVER, DUPLICATE])
schedules = st.lists(st.tuples(st.integers(0, 5), actions, fates), max_size=90)


@settings(max_examples=200, deadline=None)
@given(sent=identities, schedule=schedules, owners=st.integers(2, 3))
@example(owners=2, sent=[(0, 0)], schedule=[(0, STEP, LATE)] * 3 + [(1, STEP, ACKED)] * 9)
def test_no_command_is_answered_twice_skipped_or_decided_on_a_stale_state(
    sent: list[tuple[int, int]], schedule: list[tuple[int, str, str]], owners: int
):
    world = World(sent, owners=owners)
    for who, action, fate in schedule:
        world.act(who, action, fate)
    check(world, world.settle())


@pytest.mark.parametrize("unknown_is", ["appended", "not appended"])
def test_going_on_after_an_unknown_append_is_caught(unknown_is: str):
    chance = random.Random(42)
    caught = 0
    runs = 60
    for _ in range(runs):
        world = World(
            [(chance.randrange(2), chance.randrange(20)) for _ in range(8)],
            owners=3,
            unknown_is=unknown_is,
        )
        try:
            for _ in range(80):
                action = chance.choice([STEP] * 8 + [CRASH, DELIVER])
                world.act(chance.randrange(3), action, chance.choice([ACKED, ACK_LOST, LATE]))
            check(world, world.settle())
        except (AssertionError, ValueError):
            caught += 1
    assert caught > runs / 5
