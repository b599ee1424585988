"""How long a command takes to its outcome, and how long a takeover.

    python bench/journal_latency.py [--partitions 8] [--journal-events 50000]

Kafka, owners and client on this machine, owners and client in this process. Uses the broker at
STERNA_KAFKA_BOOTSTRAP, or starts the embedded one.
"""

import argparse
import asyncio
import logging
import os
import resource
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import structlog
import uvloop
from bench.stoppable import stoppable

from sterna_api.decider.membership import FixedMembership
from sterna_api.decider.ports import DeciderPorts
from sterna_api.decider.service import Decider
from sterna_api.decider.settings import DeciderSettings
from sterna_cli.embedded import KafkaServer
from sterna_core.clock import system_clock
from sterna_core.journal.client import CommandClient
from sterna_core.journal.codec import Codec
from sterna_core.journal.snapshot import InMemorySnapshots
from sterna_core.journal.tally import TALLY, Add
from sterna_core.journal.topics import Topics
from sterna_core.kafka.access import KafkaAccess
from sterna_core.kafka.log import KafkaLog
from sterna_core.kafka.provisioning import provision_topics
from sterna_core.kafka.sender import KafkaSender

AGGREGATES = 64
_POLL_SECONDS = 0.005


@asynccontextmanager
async def broker() -> AsyncGenerator[str]:
    given = os.environ.get("STERNA_KAFKA_BOOTSTRAP")
    if given:
        yield given
        return
    with TemporaryDirectory() as home:
        server = KafkaServer(Path(home))
        await server.start()
        try:
            yield server.bootstrap
        finally:
            await server.kill()


class Bench:
    def __init__(self, ports: DeciderPorts, client: CommandClient) -> None:
        self.ports = ports
        self.client = client

    async def one(self, number: int) -> float:
        began = time.perf_counter()
        await self.client.send(
            f"tally_{number % AGGREGATES}",
            "org_bench",
            Add(1, parts=2),
            command_id=str(uuid4()),
            actor="bench",
            now=system_clock(),
            deadline_seconds=30,
        )
        return time.perf_counter() - began

    @asynccontextmanager
    async def decider(self) -> AsyncGenerator[float]:
        """Run owners; gives how long they took to serve."""
        partitions = range(self.ports.topics.partitions)
        decider = Decider(self.ports, FixedMembership(partitions), DeciderSettings())
        began = time.perf_counter()
        task = asyncio.create_task(decider.run())
        while len(decider.serving) < len(partitions):  # ruff: ignore[async-busy-wait]  # no signal
            await asyncio.sleep(_POLL_SECONDS)
        try:
            yield time.perf_counter() - began
        finally:
            decider.stop()
            await task

    async def one_at_a_time(self, count: int) -> list[float]:
        return [await self.one(number) for number in range(count)]

    async def at_a_rate(self, per_second: float, count: int) -> list[float]:
        tasks, began = [], time.perf_counter()
        for number in range(count):
            tasks.append(asyncio.create_task(self.one(number)))
            due = began + (number + 1) / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        return await asyncio.gather(*tasks)

    async def in_flight(self, width: int, count: int) -> tuple[list[float], float]:
        numbers = iter(range(count))
        found: list[float] = []

        async def work() -> None:
            for number in numbers:
                found.append(await self.one(number))  # ruff: ignore[manual-list-comprehension]  # one after the other

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(width)))
        return found, count / (time.perf_counter() - began)


def figures(seconds: list[float]) -> str:
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    return f"p50 {at(0.5):6.1f} ms   p90 {at(0.9):6.1f} ms   p99 {at(0.99):6.1f} ms"


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def main(partitions: int, journal_events: int) -> None:
    async with broker() as bootstrap:
        access = KafkaAccess(bootstrap)
        topics = Topics(prefix=f"bench{uuid4().hex[:8]}", partitions=partitions)
        await provision_topics(access, topics)
        codec = Codec([TALLY])
        async with KafkaLog(access) as log, KafkaSender(access) as sender:
            snapshots = InMemorySnapshots()
            ports = DeciderPorts(log, sender, snapshots, codec, topics, system_clock)
            client = CommandClient(log, sender, codec, topics)
            reading = asyncio.create_task(client.run())
            bench = Bench(ports, client)
            async with bench.decider() as started:
                print(f"owners of {partitions} partitions serve after   {started:6.2f} s")
                await bench.one_at_a_time(100)
                print("one at a time         ", figures(await bench.one_at_a_time(1000)))
                print("50 a second           ", figures(await bench.at_a_rate(50, 1000)))
                found, rate = await bench.in_flight(50, 10_000)
                print("50 in flight          ", figures(found), f"  {rate:6.0f} a second")
                before = cpu_seconds()
                await asyncio.sleep(10)
                print(f"idle                   {(cpu_seconds() - before) * 10:6.1f} % of a core")
                await bench.in_flight(200, max(0, journal_events // 2 - 12_000))
            unsaved = Bench(replace(ports, snapshots=InMemorySnapshots()), client)
            async with unsaved.decider() as started:
                print(f"takeover, {journal_events} events, no snapshot   {started:6.2f} s")
            async with bench.decider() as started:
                print(f"takeover, with snapshot                {started:6.2f} s")
            reading.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--journal-events", type=int, default=50_000)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    uvloop.run(stoppable(main(options.partitions, options.journal_events)))
