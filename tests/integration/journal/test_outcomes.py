"""Commands and what becomes of them, on the real broker."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from sterna_core.errors import OutcomeUnknown
from sterna_core.journal.log import RecordTooLarge
from sterna_core.journal.tally import Add, Added, Hand
from sterna_core.journal.topics import RECORD_BYTES_MAX
from support.journal.stack import JournalStack, journal_stack


@pytest.fixture(scope="module")
async def stack(kafka_bootstrap: str) -> AsyncIterator[JournalStack]:
    async with journal_stack(kafka_bootstrap) as made, made.decider():
        yield made


async def test_a_command_is_answered_with_its_events(stack: JournalStack):
    outcome = await stack.send("tally_first", Add(3, parts=2))
    assert outcome.events == (Added(3, before=0), Added(3, before=3))
    assert outcome.rejected is None


async def test_an_outcome_that_does_not_come_in_time_is_unknown_and_the_repeat_learns_it(
    kafka_bootstrap: str,
):
    async with journal_stack(kafka_bootstrap) as stack:
        command_id = str(uuid4())
        with pytest.raises(OutcomeUnknown):
            await stack.send("tally_1", Add(1), command_id=command_id, deadline_seconds=0.3)
        async with stack.decider():
            again = await stack.send("tally_1", Add(1), command_id=command_id)
            assert again.events == (Added(1, before=0),)
            later = await stack.send("tally_1", Add(1), command_id=command_id)
            assert (later.repeated, later.rejected, later.first_sequence) == (True, None, 1)
            (event,) = (await stack.send("tally_1", Add(1))).events
            assert event == Added(1, before=1)


async def test_a_client_that_comes_later_learns_outcomes_too(
    stack: JournalStack, kafka_bootstrap: str
):
    for number in range(5):
        await stack.send(f"tally_later_{number}", Add(1))
    async with journal_stack(kafka_bootstrap, prefix=stack.topics.prefix) as later:
        for number in range(5):
            outcome = await later.send(f"tally_later_{number}", Add(1))
            assert outcome.events == (Added(1, before=1),)


async def test_the_same_id_with_another_request_is_refused_and_changes_nothing(stack: JournalStack):
    command_id = str(uuid4())
    await stack.send("tally_reuse", Add(1), command_id=command_id)
    outcome = await stack.send("tally_reuse", Add(2), command_id=command_id)
    assert outcome.rejected is not None
    assert outcome.rejected.code == "idempotency_key_reused"
    assert (await stack.send("tally_reuse", Add(1))).events == (Added(1, before=1),)


async def test_one_command_sent_ten_times_at_once_is_carried_out_once(stack: JournalStack):
    command_id = str(uuid4())
    outcomes = await asyncio.gather(
        *(stack.send("tally_ten", Add(1), command_id=command_id) for _ in range(10))
    )
    assert all(o.repeated or o.events == (Added(1, before=0),) for o in outcomes)
    assert (await stack.send("tally_ten", Add(1))).events == (Added(1, before=1),)


async def test_a_refused_command_stays_refused_when_it_is_repeated(stack: JournalStack):
    command_id = str(uuid4())
    for _ in range(2):
        outcome = await stack.send("tally_refused", Add(-1), command_id=command_id)
        assert outcome.rejected is not None
        assert outcome.rejected.code == "negative_amount"


async def test_a_command_that_changes_nothing_is_acknowledged(stack: JournalStack):
    outcome = await stack.send("tally_nothing", Add(0))
    assert (outcome.events, outcome.rejected) == ((), None)


async def test_a_command_that_is_too_large_is_refused_before_it_is_sent(stack: JournalStack):
    with pytest.raises(RecordTooLarge):
        await stack.send("tally_large", Hand("x" * RECORD_BYTES_MAX))


async def test_a_decision_that_is_too_large_is_refused_and_the_partition_goes_on(
    stack: JournalStack,
):
    outcome = await stack.send("tally_large", Add(1, parts=20_000))
    assert outcome.rejected is not None
    assert outcome.rejected.code == "decision_too_large"
    assert (await stack.send("tally_large", Add(1))).events == (Added(1, before=0),)


async def test_many_commands_under_way_at_once_are_each_answered_once(stack: JournalStack):
    async def add(number: int) -> int:
        (event,) = (await stack.send(f"tally_many_{number % 5}", Add(1))).events
        assert isinstance(event, Added)
        return event.before

    befores = await asyncio.gather(*(add(number) for number in range(200)))
    assert sorted(befores) == sorted(list(range(40)) * 5)
