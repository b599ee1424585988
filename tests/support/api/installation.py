"""An API and an executor in this process, on real servers, by one clock that tests put forward."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import aiohttp
from tests.support.api.client import Client

from sterna_api.bootstrap import ApiProcess
from sterna_api.settings import ApiSettings
from sterna_core.api_key.key import make_key
from sterna_core.secrets.keyring import Keyring
from sterna_core.secrets.secret import Secret
from sterna_executor.bootstrap import run_executor
from sterna_executor.settings import ExecutorSettings

READY_SECONDS = 60.0
_POLL_SECONDS = 0.05


class MovableClock:
    """Goes on as time does, from a moment that is set."""

    def __init__(self, now: datetime) -> None:
        self._from = now
        self._since = time.monotonic()

    def __call__(self) -> datetime:
        return self._from + timedelta(seconds=time.monotonic() - self._since)

    def put_to(self, now: datetime) -> None:
        assert now >= self(), "clocks go forward"
        self._from, self._since = now, time.monotonic()


@asynccontextmanager
async def installation(
    kafka_bootstrap: str, database_url: str, clock: MovableClock
) -> AsyncGenerator[Client]:
    """Run an installation with topics of its own; gives a client of it."""
    prefix, keyring, key = f"test-{uuid4().hex[:12]}", Secret(Keyring.generate()), make_key()
    api = ApiProcess(
        ApiSettings(
            kafka_bootstrap=kafka_bootstrap,
            topic_prefix=prefix,
            partitions=2,
            task_partitions=2,
            database_url=Secret(database_url),
            keyring=keyring,
            key_pepper=Secret("a pepper for the tests"),
            bootstrap_key=key,
            http_port=0,
        ),
        clock=clock,
    )
    executor = ExecutorSettings(
        kafka_bootstrap=kafka_bootstrap,
        topic_prefix=prefix,
        partitions=2,
        task_partitions=2,
        keyring=keyring,
        executor_id=f"executor-{prefix}",
        executor_group=f"{prefix}-executors",
    )
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(api.run(stopping))
        group.create_task(run_executor(executor, stopping, clock=clock))
        try:
            async with aiohttp.ClientSession() as session:
                await _wait_until_ready(session, api)
                yield Client(session, f"http://127.0.0.1:{api.port}", key.reveal())
        finally:
            stopping.set()


async def _wait_until_ready(session: aiohttp.ClientSession, api: ApiProcess) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while api.port is None or not await _is_ready(session, api.port):
        assert time.monotonic() < deadline, "the API does not get ready"
        await asyncio.sleep(_POLL_SECONDS)


async def _is_ready(session: aiohttp.ClientSession, port: int) -> bool:
    async with session.get(f"http://127.0.0.1:{port}/readyz") as reply:
        return reply.status == 200
