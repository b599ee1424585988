"""Tasks reach the bus and timers fire, also after a takeover."""

from datetime import timedelta

from sterna_core.clock import system_clock
from sterna_core.journal.tally import Add, Added, Finish, Hand, Remind
from sterna_core.journal.task_record import read_task
from support.journal.stack import JournalStack, journal_stack, until_read


async def keys(stack: JournalStack) -> list[str]:
    return sorted(read_task(r).key for r in await stack.records(stack.topics.tasks))


async def test_a_task_is_published_once_in_a_term_and_again_after_a_takeover(kafka_bootstrap: str):
    async with journal_stack(kafka_bootstrap, partitions=1) as stack:
        async with stack.decider():
            await stack.send("tally_1", Hand("a"))
            await stack.send("tally_1", Hand("b"))
            await stack.send("tally_1", Add(1))
            await stack.send("tally_1", Finish("a"))

            async def both() -> bool:
                return await keys(stack) == ["a", "b"]

            await until_read(both)
        async with stack.decider():

            async def again() -> bool:
                return await keys(stack) == ["a", "b", "b"]

            await until_read(again)
        spread = {r.partition for r in await stack.records(stack.topics.tasks)}
        assert spread == {0, 1}


async def test_a_timer_fires_once_though_its_owner_changes(kafka_bootstrap: str):
    async with journal_stack(kafka_bootstrap, partitions=1) as stack:
        at = system_clock() + timedelta(seconds=2)
        async with stack.decider():
            await stack.send("tally_1", Remind(at))

        async def fired() -> bool:
            return len(await stack.records(stack.topics.commands)) == 2

        async with stack.decider():
            await until_read(fired)
            assert system_clock() >= at
            assert (await stack.send("tally_1", Add(1))).events == (Added(1, before=1),)
        async with stack.decider():
            assert (await stack.send("tally_1", Add(1))).events == (Added(1, before=2),)
        actors = [dict(r.headers)["ce_actor"] for r in await stack.records(stack.topics.commands)]
        assert actors.count(b"timer") == 1
