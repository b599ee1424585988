"""A real API process on the session's servers."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path
from uuid import uuid4

import aiohttp
from tests.support.api.client import Client

from sterna_core.api_key.key import make_key
from sterna_core.secrets.keyring import Keyring

READY_SECONDS = 60.0
END_SECONDS = 30.0
_POLL_SECONDS = 0.05


class ApiProcesses:
    """Starts API processes of one installation, which has topics and a database of its own."""

    def __init__(self, kafka_bootstrap: str, database_url: str, folder: Path) -> None:
        self.key = make_key().reveal()
        self.environment = {
            # Benchmarks and faults ask as one key, more than a person would.
            "STERNA_HTTP_KEY_REQUESTS_PER_MINUTE": "1000000",
            "STERNA_HTTP_ORGANIZATION_REQUESTS_PER_MINUTE": "1000000",
            "STERNA_HTTP_STREAMS_PER_KEY": "10000",
            "PATH": os.environ["PATH"],
            "STERNA_KAFKA_BOOTSTRAP": kafka_bootstrap,
            "STERNA_DATABASE_URL": database_url,
            "STERNA_TOPIC_PREFIX": f"test-{uuid4().hex[:12]}",
            "STERNA_PARTITIONS": "2",
            "STERNA_TASK_PARTITIONS": "2",
            "STERNA_KEYRING": Keyring.generate(),
            "STERNA_KEY_PEPPER": "a pepper for the tests",
            "STERNA_BOOTSTRAP_KEY": self.key,
        }
        self._folder = folder
        self._running: list[ApiServer] = []

    async def start(self, **environment: str) -> "ApiServer":
        server = ApiServer(self.environment | environment, self.key, self._folder)
        self._running.append(server)
        await server.start()
        return server

    async def run(self, *arguments: str) -> int:
        """Run another command of the program to its end."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sterna_api", *arguments, env=self.environment
        )
        return await asyncio.wait_for(process.wait(), READY_SECONDS)

    async def close(self) -> None:
        for server in self._running:
            await server.kill()


class ApiServer:
    """One API process."""

    def __init__(self, environment: dict[str, str], key: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"api-{self.port}.log"
        self._environment = environment | {"STERNA_HTTP_PORT": str(self.port)}
        self._key = key
        self._sessions: list[aiohttp.ClientSession] = []
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "sterna_api", env=self._environment, stderr=log, stdout=log
            )
        async with asyncio.timeout(READY_SECONDS):
            while not await self._is_ready():
                assert self.process.returncode is None, self.log.read_text()
                await asyncio.sleep(_POLL_SECONDS)

    def client(self) -> Client:
        session = aiohttp.ClientSession()
        self._sessions.append(session)
        return Client(session, self.url, self._key)

    async def stop(self) -> int:
        """Ask it to end; gives its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), END_SECONDS)

    async def kill(self) -> None:
        for session in self._sessions:
            await session.close()
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def _is_ready(self) -> bool:
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"{self.url}/readyz") as reply,
            ):
                return reply.status == 200
        except aiohttp.ClientError:
            return False
