"""Runs the servers of a test session until nobody needs them: `server_keeper.py FOLDER`.

A process of its own, so not through a package; see servers.py.
"""

import asyncio
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from servers import (
    KAFKA_IMAGE,
    KAFKA_VARIABLE,
    POSTGRES_IMAGE,
    POSTGRES_VARIABLE,
    Addresses,
    docker_answers,
)
from sterna_cli.embedded import EmbeddedStackRunning, KafkaServer, PostgresServer
from sterna_cli.embedded.kafka_warm_start import make_warm_start
from sterna_cli.embedded.state_folder import StateFolder

_POLL_SECONDS = 0.1
_HOME_PREFIX = "sterna-test-"
_POSTGRES_SETTINGS = {
    # A killed server loses nothing by this, only a machine without power would.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
    "max_connections": "300",
}


def main(folder: Path) -> None:
    """Run the servers; `folder` is shared with the workers."""
    for leftover in Path(tempfile.gettempdir()).glob(f"{_HOME_PREFIX}*"):
        _clear(leftover)
    home = Path(tempfile.mkdtemp(prefix=_HOME_PREFIX))
    home.chmod(0o755)
    state = StateFolder(home)
    state.lock()
    # Once we have its lock we keep it until the end: who comes then waits, and starts new servers.
    with (folder / "servers.lock").open("w") as users:
        try:
            asyncio.run(_serve(home, folder, users.fileno()))
        finally:
            state.unlock()
            shutil.rmtree(home, ignore_errors=True)


async def _serve(home: Path, folder: Path, users: int) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    kafka = not os.environ.get(KAFKA_VARIABLE)
    postgres = not os.environ.get(POSTGRES_VARIABLE)
    source = _containers if docker_answers() else _embedded
    async with source(home, kafka=kafka, postgres=postgres) as addresses:
        ready = folder / "servers.json"
        fresh = folder / "servers.json.new"
        fresh.touch(mode=0o600)
        fresh.write_bytes(msgspec.json.encode(addresses))
        fresh.replace(ready)
        try:
            await _until_alone(users)
        finally:
            ready.unlink(missing_ok=True)


@asynccontextmanager
async def _containers(home: Path, *, kafka: bool, postgres: bool) -> AsyncGenerator[Addresses]:
    from server_containers import (  # ruff: ignore[import-outside-top-level]  # slow to import, and seldom needed
        ApacheKafkaContainer,
        PostgresContainer,
    )

    bootstrap, url = "", ""
    with ExitStack() as running:
        if kafka:
            broker = await asyncio.to_thread(ApacheKafkaContainer, KAFKA_IMAGE)
            running.callback(broker.stop)
            await asyncio.to_thread(broker.start)
            bootstrap = broker.bootstrap
        if postgres:
            database = await asyncio.to_thread(
                PostgresContainer, POSTGRES_IMAGE, _POSTGRES_SETTINGS
            )
            running.callback(database.stop)
            await asyncio.to_thread(database.start)
            url = database.url
        yield Addresses(bootstrap, url)


@asynccontextmanager
async def _embedded(home: Path, *, kafka: bool, postgres: bool) -> AsyncGenerator[Addresses]:
    broker = KafkaServer(home / "kafka")
    database = PostgresServer(home / "postgresql", settings=_POSTGRES_SETTINGS)
    try:
        async with asyncio.TaskGroup() as starting:
            if kafka:
                starting.create_task(broker.start())
            if postgres:
                starting.create_task(database.start())
        warming = asyncio.create_task(make_warm_start(home / "kafka/run"))
        try:
            yield Addresses(broker.bootstrap, database.url())
        finally:
            warming.cancel()
            await asyncio.gather(warming, return_exceptions=True)
    finally:
        await broker.kill()  # its data is thrown away
        await database.kill()


async def _until_alone(users: int) -> None:
    """Wait until no worker holds the lock, and hold it."""
    while True:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(_POLL_SECONDS)
        else:
            return


def _clear(home: Path) -> None:
    """Remove what a keeper left that was killed itself."""
    state = StateFolder(home)
    try:
        state.lock()
    except (EmbeddedStackRunning, OSError):
        return
    try:
        for run in home.glob("*/run"):
            other = StateFolder(run.parent)
            other.end_leftovers()
    finally:
        state.unlock()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
