import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from tests.integration.embedded.conftest import (
    DEADLINE_SECONDS,
    TEST_SETTINGS,
    Supervising,
)

from sterna_cli.embedded import EmbeddedStack, EmbeddedStackRunning, Restarts
from sterna_cli.embedded.process_identity import ProcessIdentity
from sterna_cli.embedded.process_record import ProcessRecord

TOPIC = "kept"


async def test_a_second_start_in_the_same_home_is_refused_and_names_the_first(home: Path) -> None:
    async with EmbeddedStack(home, postgres_settings=TEST_SETTINGS) as stack:
        before = (stack.postgres.pid, stack.kafka.pid)
        with pytest.raises(EmbeddedStackRunning) as refused:
            await start_and_stop(home)
        assert str(os.getpid()) in refused.value.message
        assert refused.value.details["pid"] == os.getpid()
        assert (stack.postgres.pid, stack.kafka.pid) == before


async def test_data_survives_a_restart_and_a_crash_of_both_servers(home: Path) -> None:
    async with EmbeddedStack(home, postgres_settings=TEST_SETTINGS) as stack:
        await keep_a_row(stack.database_url, "first")
        await make_topic(stack.kafka_bootstrap)
        await keep_a_record(stack.kafka_bootstrap, "first")
    async with EmbeddedStack(home, postgres_settings=TEST_SETTINGS) as stack:
        await keep_a_row(stack.database_url, "second")
        await keep_a_record(stack.kafka_bootstrap, "second")
        ports = (stack.postgres.port, stack.kafka.port)
        await asyncio.gather(stack.postgres.kill(), stack.kafka.kill())
        await asyncio.gather(stack.postgres.start(), stack.kafka.start())
        assert (stack.postgres.port, stack.kafka.port) == ports
        assert await rows(stack.database_url) == ["first", "second"]
        assert await records(stack.kafka_bootstrap) == ["first", "second"]


async def test_a_server_that_crashes_is_started_again_on_the_same_port(home: Path) -> None:
    async with EmbeddedStack(home, postgres_settings=TEST_SETTINGS) as stack:
        await make_topic(stack.kafka_bootstrap)
        await keep_a_record(stack.kafka_bootstrap, "first")
        crashed = {stack.kafka.pid, stack.postgres.pid}
        for pid in crashed:
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await until(lambda: not {stack.kafka.pid, stack.postgres.pid} & {*crashed, None})
            await until(stack.kafka.answers)
            await until(stack.postgres.answers)
            await keep_a_record(stack.kafka_bootstrap, "second")
        assert await records(stack.kafka_bootstrap) == ["first", "second"]


async def test_a_program_that_is_killed_is_started_again_and_stopped_with_the_stack(
    home: Path,
) -> None:
    restarts = Restarts(first_delay_seconds=0.01)
    async with EmbeddedStack(home, postgres_settings=TEST_SETTINGS, restarts=restarts) as stack:
        program = await stack.run(
            "napper",
            [sys.executable, "-c", "import os, time; print(os.environ['WHO']); time.sleep(600)"],
            env={"WHO": "me"},
        )
        first = program.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await until(lambda: program.pid not in {None, first})
        second = program.pid
        assert second is not None
        assert program.starts == 2
        identity = ProcessIdentity.of(second)
        assert identity is not None
    assert not identity.alive()


async def test_an_error_in_the_body_stops_the_servers_and_arrives_as_it_is(home: Path) -> None:
    pids: list[int | None] = []

    async def fail() -> None:
        async with EmbeddedStack(home, postgres_settings=TEST_SETTINGS) as stack:
            pids.extend([stack.postgres.pid, stack.kafka.pid])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert all(pid is not None and ProcessIdentity.of(pid) is None for pid in pids)
    assert not list((home / "run").glob("*.json"))


async def test_a_home_may_have_any_name_and_its_postgresql_knows_vectors(home: Path) -> None:
    odd = home / "a home, très: odd=1\\2"
    async with EmbeddedStack(odd, postgres_settings=TEST_SETTINGS) as stack:
        await make_topic(stack.kafka_bootstrap)
        await keep_a_record(stack.kafka_bootstrap, "kept")
        connection = await asyncpg.connect(stack.database_url)
        try:
            await connection.execute("create extension vector")
            assert await connection.fetchval("select '[1,2]'::vector <-> '[1,4]'") == 2
        finally:
            await connection.close()
    assert (odd / "kafka/data/kept-0").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_process_is_left_when_the_supervisor_is_told_to_stop(
    supervising: Callable[..., Supervising], number: signal.Signals
) -> None:
    supervisor = supervising()
    servers = identities(supervisor.numbers())
    supervisor.end(number)
    assert not [each for each in servers if each.alive()]


async def test_after_a_kill_of_the_supervisor_the_next_start_cleans_up_and_finds_the_data(
    supervising: Callable[..., Supervising], home: Path
) -> None:
    nap = [sys.executable, "-c", "import time; time.sleep(600)"]
    killed = supervising(f"await stack.run('napper', {nap!r}); print(stack.postgres.port)")
    servers = await asyncio.to_thread(killed.numbers)
    (port,) = await asyncio.to_thread(killed.numbers)
    password = (home / "postgresql/password").read_text()
    await keep_a_row(f"postgresql://sterna:{password}@127.0.0.1:{port}/sterna", "kept")
    await asyncio.to_thread(killed.end, signal.SIGKILL)
    left = recorded(home)
    assert {each.pid for each in left} > set(servers)
    assert all(each.alive() for each in left)

    async with EmbeddedStack(home, postgres_settings=TEST_SETTINGS) as stack:
        assert not [each for each in left if each.alive()]
        assert await rows(stack.database_url) == ["kept"]


async def start_and_stop(home: Path) -> None:
    async with EmbeddedStack(home, postgres_settings=TEST_SETTINGS):
        pass


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    while True:
        met = condition()
        if met if isinstance(met, bool) else await met:
            return
        await asyncio.sleep(0.03)


def identities(pids: list[int]) -> list[ProcessIdentity]:
    found = [ProcessIdentity.of(pid) for pid in pids]
    assert None not in found
    return [each for each in found if each is not None]


def recorded(home: Path) -> list[ProcessIdentity]:
    records = [ProcessRecord.read(path) for path in (home / "run").glob("*.json")]
    return [each.identity for each in records if each is not None]


async def keep_a_row(url: str, text: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("create table if not exists kept (text text)")
        await connection.execute("insert into kept values ($1)", text)
    finally:
        await connection.close()


async def rows(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [row["text"] for row in await connection.fetch("select text from kept")]
    finally:
        await connection.close()


async def make_topic(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(TOPIC, 1, 1)])
    finally:
        await admin.close()


async def keep_a_record(bootstrap: str, text: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        await producer.send_and_wait(TOPIC, text.encode())
    finally:
        await producer.stop()


async def records(bootstrap: str) -> list[str]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        partition = TopicPartition(TOPIC, 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        found = []
        while len(found) < end:
            async with asyncio.timeout(DEADLINE_SECONDS):
                record = await consumer.getone()
            found.append(record.value.decode())
        return found
    finally:
        await consumer.stop()
