"""Kafka and PostgreSQL started together, kept running, and stopped."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from sterna_cli.embedded.errors import first_error
from sterna_cli.embedded.kafka import KafkaServer
from sterna_cli.embedded.kafka_warm_start import make_warm_start
from sterna_cli.embedded.postgresql import PostgresServer
from sterna_cli.embedded.process import DEFAULT_GRACE_SECONDS
from sterna_cli.embedded.state_folder import StateFolder, default_home
from sterna_cli.embedded.supervisor import Restarts, SupervisedProcess, Supervisor
from sterna_core.errors import SternaError

DATABASE = "sterna"

_log = structlog.get_logger(__name__)


class EmbeddedStack:
    """The embedded stack in one home; an async context manager.

    Entering raises EmbeddedStackRunning if another process runs it there. Leaving stops all that
    runs, the last started first; the data stays in the home.
    """

    def __init__(
        self,
        home: Path | None = None,
        *,
        postgres_port: int | None = None,
        kafka_port: int | None = None,
        postgres_settings: Mapping[str, str] | None = None,
        kafka_settings: Mapping[str, str] | None = None,
        restarts: Restarts | None = None,
    ) -> None:
        self.home = (home or default_home()).absolute()
        folder = StateFolder(self.home)
        self._folder = folder
        self._servers = Supervisor(folder.run, folder.logs, restarts)
        self._programs = Supervisor(folder.run, folder.logs, restarts)
        self.postgres = PostgresServer(
            self.home / "postgresql",
            port=postgres_port,
            settings=postgres_settings,
            run_folder=folder.run,
            log=folder.logs / "postgresql.log",
        )
        self.kafka = KafkaServer(
            self.home / "kafka",
            port=kafka_port,
            settings=kafka_settings,
            run_folder=folder.run,
            log=folder.logs / "kafka.log",
        )
        self._exit = AsyncExitStack()

    @property
    def kafka_bootstrap(self) -> str:
        """The address of Kafka, `host:port`."""
        return self.kafka.bootstrap

    @property
    def database_url(self) -> str:
        """The address of the database for Sterna's projections; holds a password."""
        return self.postgres.url(DATABASE)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            self._folder.lock()
            opening.callback(self._folder.unlock)
            for name in await asyncio.to_thread(self._folder.end_leftovers):
                _log.info("leftover_process_ended", name=name)
            await opening.enter_async_context(self._servers)
            await self._start_servers()
            # Entered last and so left first: programs stop before the servers they use.
            await opening.enter_async_context(self._programs)
            self._programs.in_background(make_warm_start(self._folder.run))
            self._exit = opening.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._exit.__aexit__(kind, error, trace)

    async def run(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        grace_seconds: float = DEFAULT_GRACE_SECONDS,
    ) -> SupervisedProcess:
        """Start a program beside the servers and start it again whenever it crashes.

        What it prints goes to `logs/<name>.log` in the home. It is stopped before the servers.
        """
        return await self._programs.run(name, argv, env=env, grace_seconds=grace_seconds)

    async def _start_servers(self) -> None:
        try:
            async with asyncio.TaskGroup() as starting:
                starting.create_task(self._start_postgres())
                starting.create_task(self._servers.start(self.kafka))
        except* SternaError as failures:
            failure = first_error(failures)
        else:
            return
        raise failure

    async def _start_postgres(self) -> None:
        await self._servers.start(self.postgres)
        await self.postgres.create_database(DATABASE)
