"""The servers that tests use: one set for a whole session, whatever the number of workers.

Every worker holds a shared lock on a file while it needs the servers. A keeper process of its own
starts them, then asks for the same lock alone: it gets it when the last worker has gone, however
that one went, and stops them.
"""

import fcntl
import itertools
import os
import sys
import time
from pathlib import Path
from typing import IO
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import msgspec

from sterna_cli.embedded.process_identity import ProcessIdentity
from sterna_core.postgres.identifiers import quote as quote_identifier
from sterna_core.postgres.queries import load_queries

KAFKA_VARIABLE = "STERNA_TEST_KAFKA_BOOTSTRAP"
POSTGRES_VARIABLE = "STERNA_TEST_DATABASE_URL"
KAFKA_IMAGE = "apache/kafka:4.4.0"
POSTGRES_IMAGE = "pgvector/pgvector:pg18"
READY_SECONDS = 300  # the first time ever, Kafka's jars are fetched
GONE_SECONDS = 60
CONNECT_SECONDS = 30
EMPTY_SECONDS = 10
_POLL_SECONDS = 0.05
_KEEPER = Path(__file__).with_name("server_keeper.py")


class Addresses(msgspec.Struct, frozen=True):
    """Where the servers are; `database_url` is one that may create databases."""

    kafka_bootstrap: str
    database_url: str


class SharedServers:
    """This worker's part in the session's servers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._users: IO[str] | None = None

    def join(self) -> Addresses:
        """Start the servers, or wait for the worker that does."""
        kafka, postgres = os.environ.get(KAFKA_VARIABLE), os.environ.get(POSTGRES_VARIABLE)
        if kafka and postgres:
            return Addresses(kafka, postgres)
        users = (self._folder / "servers.lock").open("w")
        fcntl.flock(users, fcntl.LOCK_SH)
        self._users = users
        with (self._folder / "servers-start.lock").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            keeper = read_keeper(self._folder)
            if keeper is None or not keeper.alive():
                keeper = self._start_keeper()
            started = self._wait_for_addresses(keeper)
        return Addresses(kafka or started.kafka_bootstrap, postgres or started.database_url)

    def leave(self) -> None:
        """Say that this worker needs them no longer."""
        if self._users is not None:
            self._users.close()
            self._users = None

    def _start_keeper(self) -> ProcessIdentity:
        (self._folder / "servers.json").unlink(missing_ok=True)
        log = self._folder / "servers-keeper.log"
        # Not through subprocess: it would wait for, or warn of, a child that outlives this worker.
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, str(_KEEPER), str(self._folder)],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
        keeper = ProcessIdentity.of(pid)
        if keeper is None:
            raise RuntimeError(f"the keeper of the test servers did not start: {log.read_text()}")
        (self._folder / "servers-keeper.json").write_bytes(msgspec.json.encode(keeper))
        return keeper

    def _wait_for_addresses(self, keeper: ProcessIdentity) -> Addresses:
        ready = self._folder / "servers.json"
        deadline = time.monotonic() + READY_SECONDS
        while not ready.exists():
            if not keeper.alive() or time.monotonic() > deadline:
                log = (self._folder / "servers-keeper.log").read_text()
                raise RuntimeError(f"the test servers did not start:\n{log}")
            time.sleep(_POLL_SECONDS)
        return msgspec.json.decode(ready.read_bytes(), type=Addresses)


def read_keeper(folder: Path) -> ProcessIdentity | None:
    """The keeper that was started for this session, if any."""
    try:
        text = (folder / "servers-keeper.json").read_bytes()
    except FileNotFoundError:
        return None
    return msgspec.json.decode(text, type=ProcessIdentity)


def docker_answers() -> bool:
    """Whether a Docker engine answers here."""
    if not os.environ.get("DOCKER_HOST") and not Path("/var/run/docker.sock").exists():
        return False
    import docker  # ruff: ignore[import-outside-top-level]  # slow to import, and seldom needed
    from docker.errors import DockerException  # ruff: ignore[import-outside-top-level]

    try:
        client = docker.from_env(timeout=3)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except (DockerException, OSError):
        return False


def source_of_servers() -> str:
    """Which servers this session uses, in words."""
    given = [name for name in (KAFKA_VARIABLE, POSTGRES_VARIABLE) if os.environ.get(name)]
    if len(given) == 2:
        return f"from {given[0]} and {given[1]}"
    if docker_answers():
        rest = f"containers {KAFKA_IMAGE} and {POSTGRES_IMAGE}"
    else:
        rest = (
            f"the embedded stack (with a Docker engine: testcontainers "
            f"of {KAFKA_IMAGE} and {POSTGRES_IMAGE})"
        )
    return f"from {given[0]}, else {rest}" if given else rest


class PostgresTestServer:
    """The session's PostgreSQL; databases made here have names of their own."""

    def __init__(self, admin_url: str, worker: str) -> None:
        self._admin_url = admin_url
        self._prefix = f"test_{worker}_{os.getpid()}"
        self._numbers = itertools.count(1)
        self._made: list[str] = []
        self._free: list[str] = []
        self._new_looks: str | None = None

    def url(self, database: str) -> str:
        """The address of a database of this server."""
        parts = urlsplit(self._admin_url)
        return urlunsplit(parts._replace(path="/" + quote(database, safe="")))

    async def create_database(self) -> str:
        """A fresh empty database; its url. It is dropped when the session ends.

        It may be one that was handed back, and looks like a new one in every catalog: making one
        costs a second of work, most of it the file system's.
        """
        if self._free:
            self._made.append(self._free.pop())
            return self.url(self._made[-1])
        name = f"{self._prefix}_{next(self._numbers)}"
        await self.execute(f"create database {quote_identifier(name)} template template0")
        self._made.append(name)
        return self.url(name)

    async def drop_database(self, url: str) -> None:
        """Hand back a database that was made here, ending the sessions in it."""
        name = urlsplit(url).path.removeprefix("/")
        self._made.remove(name)
        if await self._is_as_new(name):
            self._free.append(name)
        else:
            await self._drop(name)

    async def drop_all(self) -> None:
        """Drop what is left of the databases made here."""
        while self._made or self._free:
            await self._drop((self._made or self._free).pop())

    async def execute(self, statement: str) -> None:
        """Run a statement as the administrator."""
        connection = await asyncpg.connect(self._admin_url, timeout=CONNECT_SECONDS)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _is_as_new(self, name: str) -> bool:
        """Empty a database, and tell whether it looks like one that was never used."""
        if self._new_looks is None:
            fresh = f"{self._prefix}_new"
            await self.execute(f"create database {quote_identifier(fresh)} template template0")
            self._new_looks = await self._looks(fresh)
            await self._drop(fresh)
        try:
            return await self._looks(name, empty_first=True) == self._new_looks
        except (asyncpg.PostgresError, OSError, TimeoutError):
            return False  # gone, or not to be emptied: it is dropped

    async def _looks(self, name: str, *, empty_first: bool = False) -> str:
        queries = load_queries("tests", "recycling.sql")
        connection = await asyncpg.connect(self.url(name), timeout=CONNECT_SECONDS)
        try:
            # What a session that does not end has locked is not waited for: the server gives up.
            await connection.execute(f"set statement_timeout = '{EMPTY_SECONDS}s'")
            if empty_first:
                await connection.execute(queries["sessions"])
                await connection.execute(queries["empty"])
            return str(await connection.fetchval(queries["looks"]))
        finally:
            await connection.close()

    async def _drop(self, name: str) -> None:
        await self.execute(f"drop database if exists {quote_identifier(name)} with (force)")
