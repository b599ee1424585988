import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from tests.server_containers import environment_name
from tests.servers import (
    GONE_SECONDS,
    KAFKA_VARIABLE,
    POSTGRES_VARIABLE,
    PostgresTestServer,
    docker_answers,
    read_keeper,
    source_of_servers,
)

from sterna_cli.embedded.process_identity import ProcessIdentity

ROOT = Path(__file__).parents[3]
WORKER = """
import sys
from pathlib import Path
from tests.servers import SharedServers
servers = SharedServers(Path(sys.argv[1]))  # holds its part in them for as long as it lives
print(servers.join().kafka_bootstrap, flush=True)
sys.stdin.read()
"""


async def test_source_and_target_are_different_empty_databases(
    source_database: str, target_database: str
) -> None:
    assert source_database != target_database
    for url in (source_database, target_database):
        connection = await asyncpg.connect(url)
        try:
            tables = await connection.fetchval(
                "select count(*) from pg_class where relnamespace = 'public'::regnamespace"
            )
        finally:
            await connection.close()
        assert tables == 0


async def test_a_database_made_in_a_test_has_a_name_of_its_own(
    postgres_server: PostgresTestServer,
) -> None:
    made = {await postgres_server.create_database() for _ in range(3)}
    assert len(made) == 3
    for url in made:
        await postgres_server.drop_database(url)


async def test_the_broker_takes_records_of_topics_that_were_made(kafka_bootstrap: str) -> None:
    topic = f"session-servers-{uuid4()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 2, 1)])
    finally:
        await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, acks="all")
    await producer.start()
    try:
        first = await producer.send_and_wait(topic, b"one", partition=0)
        second = await producer.send_and_wait(topic, b"two", partition=0)
    finally:
        await producer.stop()
    assert (first.offset, second.offset) == (0, 1)


def running_servers(keeper: ProcessIdentity) -> list[ProcessIdentity]:
    """Give what the keeper runs at normal priority.

    Beside the servers a node of low priority may prepare faster starts, and end by itself; for a
    moment, until it has lowered it, its priority is normal.
    """
    found = []
    for each in keeper.children():
        with suppress(ProcessLookupError):
            if os.getpriority(os.PRIO_PROCESS, each.pid) == 0:
                found.append(each)
    return found


def test_workers_share_servers_that_end_when_the_last_worker_is_gone_however_it_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if docker_answers():
        pytest.skip("containers are ended by their engine")
    for variable in (KAFKA_VARIABLE, POSTGRES_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    with worker(tmp_path) as first, worker(tmp_path) as second:
        assert joined(first) == joined(second)
        keeper = read_keeper(tmp_path)
        assert keeper is not None
        servers = running_servers(keeper)
        assert len(servers) >= 2
        first.send_signal(signal.SIGKILL)
        first.wait(GONE_SECONDS)
        assert keeper.alive()
        servers = [each for each in running_servers(keeper) if each in servers]
        assert len(servers) >= 2
        second.send_signal(signal.SIGKILL)
        second.wait(GONE_SECONDS)
    assert all(each.wait_gone(GONE_SECONDS) for each in (*servers, keeper))
    assert not (tmp_path / "servers.json").exists()


def test_the_header_says_which_servers_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (KAFKA_VARIABLE, POSTGRES_VARIABLE):
        monkeypatch.setenv(variable, "given")
    assert KAFKA_VARIABLE in source_of_servers()
    assert POSTGRES_VARIABLE in source_of_servers()
    monkeypatch.delenv(POSTGRES_VARIABLE)
    assert "apache/kafka:4.4.0" in source_of_servers()


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("node.id", "KAFKA_NODE_ID"),
        ("log.dirs", "KAFKA_LOG_DIRS"),
        ("one_word.with-dash", "KAFKA_ONE__WORD_WITH___DASH"),
    ],
)
def test_a_setting_reaches_a_container_under_the_name_that_its_image_reads(
    setting: str, name: str
) -> None:
    assert environment_name(setting) == name


def worker(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def joined(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()
