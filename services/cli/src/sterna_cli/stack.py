import asyncio
import os
import secrets
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from sterna_cli.embedded import EmbeddedServerFailed, EmbeddedStack, SupervisedProcess
from sterna_cli.embedded.free_port import free_port
from sterna_cli.embedded.supervisor import Restarts
from sterna_cli.private_file import kept
from sterna_cli.running_stack import RunningStack
from sterna_core.api_key.key import make_key
from sterna_core.certificate.signing import SigningKey
from sterna_core.secrets.keyring import Keyring
from sterna_core.secrets.secret import Secret

READY_SECONDS = 90.0
API_GRACE_SECONDS = 15.0
EXECUTOR_GRACE_SECONDS = 20.0
_POLL_SECONDS = 0.1
_PEPPER_BYTES = 32
_STARTS_MAX = 4
"""A service that is started more often than this before the API is ready will never run."""
_INHERITED = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH"})


class Stack:
    """Kafka, PostgreSQL, the API and executors on this machine; an async context manager.

    The secrets are made once and kept in `home/secrets`, readable by their owner only; the
    services get them through their environment. Entering raises EmbeddedStackRunning where
    another process runs a stack in `home`, EmbeddedServerFailed where a part does not start.
    """

    def __init__(
        self,
        home: Path,
        *,
        executors: int = 2,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        restarts: Restarts | None = None,
    ) -> None:
        self.embedded = EmbeddedStack(home, restarts=restarts)
        self.home = self.embedded.home
        self.port = port or free_port()
        self.executors: list[SupervisedProcess] = []
        self.api: SupervisedProcess | None = None
        self._executor_count = executors
        self._settings = dict(settings or {})
        self.environment: dict[str, str] = {}
        """What the services are started with, once they are; it holds secrets."""
        self._key = ""
        self._exit = AsyncExitStack()

    @property
    def url(self) -> str:
        """The API's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> Secret:
        """The first API key of this stack."""
        return Secret(self._key)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            await opening.enter_async_context(self.embedded)
            self.environment = await asyncio.to_thread(self._make_environment)
            await self._start(self.environment)
            await self._wait_until_ready()
            RunningStack.announce(self.home, self.url, self._key, self.environment)
            opening.callback(RunningStack.forget, self.home)
            self._exit = opening.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._exit.__aexit__(kind, error, trace)

    async def _start(self, environment: dict[str, str]) -> None:
        self.api = await self.embedded.run(
            "api",
            [sys.executable, "-m", "sterna_api"],
            env=environment,
            grace_seconds=API_GRACE_SECONDS,
        )
        for number in range(1, self._executor_count + 1):
            name = f"executor-{number}"
            self.executors.append(
                await self.embedded.run(
                    name,
                    [sys.executable, "-m", "sterna_executor"],
                    env=environment | {"STERNA_EXECUTOR_ID": name},
                    grace_seconds=EXECUTOR_GRACE_SECONDS,
                )
            )

    def _make_environment(self) -> dict[str, str]:
        folder = self.home / "secrets"
        self._key = kept(folder / "first_key", _new_key)
        inherited = {name: text for name, text in os.environ.items() if name in _INHERITED}
        return inherited | {
            "STERNA_KAFKA_BOOTSTRAP": self.embedded.kafka_bootstrap,
            "STERNA_DATABASE_URL": self.embedded.database_url,
            "STERNA_NAMESPACE_DATABASE_URL": self.embedded.database_url,
            "STERNA_KEYRING": kept(folder / "keyring", Keyring.generate),
            "STERNA_KEY_PEPPER": kept(folder / "key_pepper", _new_pepper),
            "STERNA_BOOTSTRAP_KEY": self._key,
            "STERNA_CERTIFICATE_KEY": kept(folder / "certificate_key", SigningKey.generate),
            "STERNA_DECIDER_INSTANCE_ID": "api",
            "STERNA_HTTP_HOST": "127.0.0.1",
            "STERNA_HTTP_PORT": str(self.port),
            **self._settings,
        }

    async def _wait_until_ready(self) -> None:
        assert self.api is not None
        deadline = time.monotonic() + READY_SECONDS
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
            while not await _is_ready(http, f"{self.url}/readyz"):
                if time.monotonic() > deadline:
                    log = self.api.process.log
                    raise EmbeddedServerFailed("the API", "was not ready in time", log)
                self._refuse_crash_loops()
                await asyncio.sleep(_POLL_SECONDS)

    def _refuse_crash_loops(self) -> None:
        assert self.api is not None
        for service in (self.api, *self.executors):
            if service.starts > _STARTS_MAX:
                log = service.process.log
                raise EmbeddedServerFailed(service.name, "ends whenever it is started", log)


async def _is_ready(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


def _new_key() -> str:
    return make_key().reveal()


def _new_pepper() -> str:
    return secrets.token_hex(_PEPPER_BYTES)
