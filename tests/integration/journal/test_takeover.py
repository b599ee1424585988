"""One writer per partition, whatever becomes of the processes that write."""

import asyncio
import signal
from itertools import count

from sterna_api.decider.membership import GroupMembership
from sterna_api.decider.settings import DeciderSettings
from sterna_core.journal.decision import Decision, DecisionReader
from sterna_core.journal.record import StoredRecord
from sterna_core.journal.tally import Add, Added
from sterna_core.journal.terms import Position, mark_of
from support.journal.stack import (
    CODEC,
    JournalStack,
    journal_stack,
    owner_process,
    until,
    until_read,
)

SESSION_SECONDS = 6.0
"""The least that a broker with its own settings allows."""


class Load:
    """Commands to one tally, a few at a time, until told to stop."""

    def __init__(self, stack: JournalStack, width: int = 4) -> None:
        self._stack = stack
        self._stopping = False
        self._numbers = count()
        self.befores: list[int] = []
        self._tasks = [asyncio.create_task(self._go_on()) for _ in range(width)]

    async def _go_on(self) -> None:
        while not self._stopping:
            next(self._numbers)
            outcome = await self._stack.send("tally_1", Add(1))
            (event,) = outcome.events
            assert isinstance(event, Added)
            self.befores.append(event.before)

    async def more(self, outcomes: int) -> None:
        """Wait for so many more outcomes."""
        wanted = len(self.befores) + outcomes
        await until(lambda: len(self.befores) >= wanted or any(t.done() for t in self._tasks))

    async def stop(self) -> int:
        """Give how many commands were sent, each of which has its outcome."""
        self._stopping = True
        await asyncio.gather(*self._tasks)
        return next(self._numbers)


def decisions_of(records: list[StoredRecord]) -> list[Decision]:
    partitions = {record.partition for record in records}
    return DecisionReader({p: Position() for p in partitions}).feed(records)


def check_each_answered_once(
    records: list[StoredRecord], commands: list[StoredRecord], sent: int, load: Load
) -> None:
    decisions = decisions_of(records)
    assert [d.source_offset for d in decisions] == [c.offset for c in commands]
    assert len({d.command_id for d in decisions}) == sent
    events = [event for d in decisions for event in d.events(CODEC)]
    assert [e.before for e in events if isinstance(e, Added)] == list(range(sent))
    assert sorted(load.befores) == list(range(sent))


async def test_a_stopped_owner_that_wakes_up_and_writes_is_not_heard(kafka_bootstrap: str):
    async with (
        journal_stack(kafka_bootstrap, partitions=1) as stack,
        owner_process(stack, "first", session_seconds=SESSION_SECONDS) as first,
    ):
        load = Load(stack)
        await load.more(20)
        async with owner_process(stack, "second", session_seconds=SESSION_SECONDS):
            await load.more(20)
            first_term = terms_of(await stack.records(stack.topics.events))[-1]
            first.send_signal(signal.SIGSTOP)
            await load.more(20)  # only a second owner can answer these
            second_term = terms_of(await stack.records(stack.topics.events))[-1]
            assert second_term > first_term
            first.send_signal(signal.SIGCONT)
            await until_zombie_has_written(stack, first_term)
            await load.more(20)
            sent = await load.stop()
        records = await stack.records(stack.topics.events)
        commands = await stack.records(stack.topics.commands)
        check_each_answered_once(records, commands, sent, load)


def terms_of(records: list[StoredRecord]) -> list[int]:
    """The terms in the order in which they were opened."""
    opened = [0]
    for record in records:
        mark = mark_of(record)
        assert mark is not None
        opened.append(max(opened[-1], mark.term))
    return opened


async def until_zombie_has_written(stack: JournalStack, old_term: int) -> None:
    async def read() -> bool:
        return bool(zombie_records(await stack.records(stack.topics.events), old_term))

    await until_read(read)


def zombie_records(records: list[StoredRecord], old_term: int) -> list[StoredRecord]:
    opened = terms_of(records)[1:]
    return [
        record
        for record, term in zip(records, opened, strict=True)
        if term > old_term and (mark := mark_of(record)) and mark.term == old_term
    ]


async def test_a_killed_owner_that_is_started_again_goes_on_before_its_session_is_over(
    kafka_bootstrap: str,
):
    session_seconds = 30.0
    async with journal_stack(kafka_bootstrap, partitions=1) as stack:
        load = Load(stack)
        async with owner_process(stack, "same", session_seconds=session_seconds) as owner:
            await load.more(20)
            owner.kill()
            await owner.wait()
        async with owner_process(stack, "same", session_seconds=session_seconds):
            async with asyncio.timeout(session_seconds / 2):
                await load.more(20)
            sent = await load.stop()
        records = await stack.records(stack.topics.events)
        commands = await stack.records(stack.topics.commands)
        check_each_answered_once(records, commands, sent, load)


async def test_an_owner_that_is_told_to_stop_answers_what_it_took(kafka_bootstrap: str):
    async with journal_stack(kafka_bootstrap, partitions=1) as stack:
        load = Load(stack)
        async with owner_process(stack, "a", session_seconds=SESSION_SECONDS) as owner:
            await load.more(20)
            owner.terminate()
            assert await asyncio.wait_for(owner.wait(), 15) == 0
        async with owner_process(stack, "a", session_seconds=SESSION_SECONDS):
            await load.more(20)
            sent = await load.stop()
        records = await stack.records(stack.topics.events)
        commands = await stack.records(stack.topics.commands)
        check_each_answered_once(records, commands, sent, load)


async def test_an_owner_keeps_its_term_when_the_group_gives_its_partition_back(
    kafka_bootstrap: str,
):
    async with journal_stack(kafka_bootstrap, partitions=2) as stack:

        def member(name: str) -> tuple[GroupMembership, DeciderSettings]:
            settings = DeciderSettings(
                group_id=stack.topics.prefix,
                instance_id=name,
                session_timeout_seconds=SESSION_SECONDS,
            )
            return GroupMembership(stack.access, stack.topics.commands, settings), settings

        membership, settings = member("one")
        async with stack.decider(membership=membership, settings=settings) as one:
            await until(lambda: one.serving == {0, 1})
            membership, settings = member("two")
            async with stack.decider(membership=membership, settings=settings) as two:
                await until(lambda: len(two.serving) == 1 and len(one.serving) == 1)
                assert one.serving | two.serving == {0, 1}
                records = await stack.records(stack.topics.events)
        opened = [r.partition for r in records if dict(r.headers)["ce_type"] == b"term.started.v1"]
        assert sorted(opened) == sorted([0, 1, *two.assigned])
