"""A PostgreSQL server of our own: a cluster in a folder, on the loopback address."""

import asyncio
import signal
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import asyncpg

from sterna_cli.embedded.errors import EmbeddedServerFailed
from sterna_cli.embedded.free_port import LOOPBACK, free_port
from sterna_cli.embedded.os_user import OsUser
from sterna_cli.embedded.postgres_binaries import postgres_bin_dir
from sterna_cli.embedded.postgres_cluster import ENVIRONMENT, SUPERUSER, make_cluster
from sterna_cli.embedded.process import ManagedProcess
from sterna_cli.embedded.process_identity import ProcessIdentity
from sterna_cli.embedded.state_folder import kept_secret, make_home
from sterna_core.postgres.driver_errors import DRIVER_ERRORS
from sterna_core.postgres.identifiers import quote as quote_identifier

START_SECONDS = 60.0
STOP_SECONDS = 20.0
CHILDREN_SECONDS = 10.0
CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 60.0
PORT_ATTEMPTS = 4

DEFAULT_SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "wal_level": "replica",
    "jit": "off",
    # A failing statement is named by its error alone: statements and details hold rows.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
}


class PostgresServer:
    """One cluster under `home`, with a password of its own kept in `home/password`.

    `settings` are configuration parameters, over DEFAULT_SETTINGS. The port is chosen once, and
    kept over restarts of this object. Await `start` before anything else.
    """

    def __init__(
        self,
        home: Path,
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        name: str = "postgresql",
        run_folder: Path | None = None,
        log: Path | None = None,
    ) -> None:
        self.home = home.absolute()
        self.name = name
        self.port = port or 0
        self.settings = {**DEFAULT_SETTINGS, **(settings or {})}
        self._data = self.home / "data"
        self._log = log or self.home / f"{name}.log"
        self._run_folder = run_folder or self.home / "run"
        self._password = ""
        self._process: ManagedProcess | None = None
        self._starting = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The postmaster's pid while it runs."""
        return self._process.pid if self._process else None

    @property
    def process(self) -> ManagedProcess | None:
        """The postmaster's process, from the first start on."""
        return self._process

    def url(self, database: str = "postgres") -> str:
        """Give the address of a database, as this cluster's superuser; it holds the password."""
        password = quote(self._password, safe="")
        return (
            f"postgresql://{SUPERUSER}:{password}@{LOOPBACK}:{self.port}/{quote(database, safe='')}"
        )

    async def start(self) -> None:
        """Make the cluster if there is none, start it, and wait until it answers.

        Nothing happens if it runs. Raises EmbeddedServerFailed, HomeNotReachable, Misconfigured.
        """
        async with self._starting:
            if self.pid is not None:
                return
            user = OsUser.for_postgres()
            await asyncio.to_thread(make_home, self.home)
            self._password = await asyncio.to_thread(kept_secret, self.home / "password")
            programs = await asyncio.to_thread(postgres_bin_dir, self.home)
            await asyncio.to_thread(
                make_cluster,
                self._data,
                programs,
                password=self._password,
                user=user,
                log=self._log,
                sync=self.settings.get("fsync") != "off",
            )
            if self.port:
                await self._start_on(self.port, programs, user)
            else:
                self.port = await self._start_on_a_free_port(programs, user)

    async def answers(self) -> bool:
        """Tell whether the server takes sessions now."""
        return bool(self.port) and await self._answers(self.port)

    async def stop(self) -> None:
        """End all sessions and shut down cleanly; killed after STOP_SECONDS."""
        if self._process is not None:
            await self._process.stop()

    async def kill(self) -> None:
        """SIGKILL the postmaster and its children, as a crash of the machine would."""
        if self._process is None or self._process.pid is None:
            return
        postmaster = ProcessIdentity.of(self._process.pid)
        children = [] if postmaster is None else await asyncio.to_thread(postmaster.children)
        await self._process.kill()
        for child in children:
            child.signal(signal.SIGKILL)
        for child in children:
            # A new postmaster refuses to start while an old backend holds the shared memory.
            await asyncio.to_thread(child.wait_gone, CHILDREN_SECONDS)

    async def create_database(self, name: str) -> str:
        """Make an empty database and give its url. Nothing is made if it is there."""
        found = await self._query("select 1 from pg_database where datname = $1", name)
        if found is None:
            await self._query(f"create database {quote_identifier(name)} template template0")
        return self.url(name)

    async def drop_database(self, name: str) -> None:
        """Drop a database, ending the sessions in it. Nothing happens if it is not there."""
        await self._query(f"drop database if exists {quote_identifier(name)} with (force)")

    async def _query(self, statement: str, *values: str) -> object:
        connection = await asyncpg.connect(self.url(), timeout=CONNECT_SECONDS)
        try:
            return await connection.fetchval(statement, *values, timeout=STATEMENT_SECONDS)
        finally:
            await connection.close(timeout=CONNECT_SECONDS)

    async def _start_on_a_free_port(self, programs: Path, user: OsUser | None) -> int:
        for attempt in range(1, PORT_ATTEMPTS + 1):
            port = free_port()
            try:
                await self._start_on(port, programs, user)
            except EmbeddedServerFailed:  # somebody else may have taken the port in between
                if attempt == PORT_ATTEMPTS:
                    raise
            else:
                return port
        raise AssertionError

    async def _start_on(self, port: int, programs: Path, user: OsUser | None) -> None:
        settings = {**self.settings, "port": str(port)}
        words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        self._process = ManagedProcess(
            self.name,
            [programs / "postgres", "-D", self._data, *words],
            run_folder=self._run_folder,
            log=self._log,
            env=ENVIRONMENT,
            user=user,
            cwd=Path("/"),
            stop_signal=signal.SIGINT,  # fast: sessions are ended, a checkpoint is written
            grace_seconds=STOP_SECONDS,
        )
        await self._process.start_and_answer(
            lambda: self._answers(port), within_seconds=START_SECONDS
        )

    async def _answers(self, port: int) -> bool:
        try:
            connection = await asyncpg.connect(
                host=LOOPBACK,
                port=port,
                user=SUPERUSER,
                password=self._password,
                database="postgres",
                timeout=CONNECT_SECONDS,
            )
        except DRIVER_ERRORS:
            return False
        await connection.close(timeout=CONNECT_SECONDS)
        return True
