"""Runs the servers of a test session until nobody needs them: `server_keeper.py FOLDER`.

A process of its own; see servers.py.
"""

import asyncio
import fcntl
import importlib.util
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
from sterna_cli.embedded import EmbeddedStackRunning, KafkaServer, PostgresServer
from sterna_cli.embedded.state_folder import StateFolder

_HOME_PREFIX = "sterna-test-"
_POSTGRES_SETTINGS = {
    # A killed server loses nothing by this, only a machine without power would.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
    "max_connections": "300",
    "log_min_messages": "fatal",
}


def main(folder: Path) -> None:
    """Run the servers; `folder` is shared with the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the workers, and they end us
    for leftover in Path(tempfile.gettempdir()).glob(f"{_HOME_PREFIX}*"):
        _clear(leftover)
    home = Path(tempfile.mkdtemp(prefix=_HOME_PREFIX))
    home.chmod(0o755)
    state = StateFolder(home)
    state.lock()
    try:
        asyncio.run(_serve(home, folder))
    finally:
        state.unlock()
        shutil.rmtree(home, ignore_errors=True)


async def _serve(home: Path, folder: Path) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    spec = importlib.util.spec_from_file_location("servers", Path(__file__).with_name("servers.py"))
    assert spec is not None
    assert spec.loader is not None
    servers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(servers)
    need_kafka = not os.environ.get(servers.KAFKA_VARIABLE)
    need_postgres = not os.environ.get(servers.POSTGRES_VARIABLE)
    async with AsyncExitStack() as running:
        if servers.docker_answers():
            containers = Path(__file__).with_name("server_containers.py")
            raise NotImplementedError(containers)
        bootstrap, url = await running.enter_async_context(
            _embedded(home, kafka=need_kafka, postgres=need_postgres)
        )
        ready = folder / "servers.json"
        fresh = folder / "servers.json.new"
        fresh.write_bytes(msgspec.json.encode(servers.Addresses(bootstrap, url)))
        fresh.chmod(0o600)
        fresh.replace(ready)
        try:
            with (folder / "servers.lock").open("w") as users:
                await _alone(users.fileno())
                ready.unlink(missing_ok=True)
        finally:
            ready.unlink(missing_ok=True)


@asynccontextmanager
async def _embedded(home: Path, *, kafka: bool, postgres: bool) -> AsyncIterator[tuple[str, str]]:
    broker = KafkaServer(home / "kafka")
    database = PostgresServer(home / "postgresql", settings=_POSTGRES_SETTINGS)
    try:
        async with asyncio.TaskGroup() as starting:
            if kafka:
                starting.create_task(broker.start())
            if postgres:
                starting.create_task(database.start())
        yield broker.bootstrap, database.url()
    finally:
        await broker.kill()  # its data is thrown away
        await database.kill()


async def _alone(users: int) -> None:
    """Wait until no worker holds the lock."""
    while True:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(0.1)
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
