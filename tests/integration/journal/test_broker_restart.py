"""The broker is killed and started again while commands flow."""

import asyncio
from pathlib import Path

from sterna_cli.embedded import KafkaServer
from sterna_core.journal.decision import DecisionReader
from sterna_core.journal.tally import Add, Added
from sterna_core.journal.terms import Position
from support.journal.stack import CODEC, journal_stack, until

WORKERS = 8
ROUNDS = 2
OUTCOMES_BETWEEN = 50


async def test_every_command_has_one_outcome_though_the_broker_is_killed(tmp_path: Path):
    broker = KafkaServer(tmp_path)
    await broker.start()
    befores: list[int] = []
    stopping = asyncio.Event()
    try:
        async with (
            journal_stack(broker.bootstrap, partitions=1, send_seconds=3.0) as stack,
            stack.decider(),
        ):

            async def work() -> None:
                while not stopping.is_set():
                    outcome = await stack.send("tally_1", Add(1), deadline_seconds=90)
                    (event,) = outcome.events
                    assert isinstance(event, Added)
                    befores.append(event.before)

            async def more(outcomes: int) -> None:
                wanted = len(befores) + outcomes
                await until(lambda: len(befores) >= wanted or any(t.done() for t in workers))

            workers = [asyncio.create_task(work()) for _ in range(WORKERS)]
            await more(OUTCOMES_BETWEEN)
            for _ in range(ROUNDS):
                await broker.kill()
                await broker.start()
                await more(OUTCOMES_BETWEEN)
            stopping.set()
            await asyncio.gather(*workers)
            records = await stack.records(stack.topics.events)
            commands = await stack.records(stack.topics.commands)
    finally:
        await broker.kill()
    decisions = DecisionReader({0: Position()}).feed(records)
    assert [d.source_offset for d in decisions] == [c.offset for c in commands]
    added = [e.before for d in decisions for e in d.events(CODEC) if isinstance(e, Added)]
    assert added == list(range(len(added)))
    assert sorted(befores) == added
