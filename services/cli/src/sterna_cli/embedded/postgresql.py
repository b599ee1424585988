"""A PostgreSQL server of our own: a cluster in a folder, on the loopback address."""

import asyncio
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import asyncpg
from sterna_core.postgres.identifiers import quote as quote_identifier

from sterna_cli.embedded.errors import EmbeddedServerFailed
from sterna_cli.embedded.free_port import free_port
from sterna_cli.embedded.os_user import OsUser
from sterna_cli.embedded.postgres_binaries import postgres_bin_dir
from sterna_cli.embedded.process import ManagedProcess
from sterna_cli.embedded.process_identity import children_of
from sterna_cli.embedded.state_folder import kept_secret, make_home

SUPERUSER = "sterna"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
INITDB_SECONDS = 120.0
CHILDREN_SECONDS = 10.0
_POLL_SECONDS = 0.03

DEFAULT_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
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
        self._fixed_port = port is not None
        self._settings = {**DEFAULT_SETTINGS, **(settings or {})}
        self._data = self.home / "data"
        self._log = log or self.home / "postgresql.log"
        self._run_folder = run_folder or self.home / "run"
        self._password = ""
        self._process: ManagedProcess | None = None

    @property
    def pid(self) -> int | None:
        """The postmaster's pid while it runs."""
        return self._process.pid if self._process else None

    @property
    def process(self) -> ManagedProcess | None:
        """The postmaster's process, from the first start on."""
        return self._process

    def url(self, database: str = "postgres") -> str:
        """The address of a database, as the superuser of this cluster; holds the password."""
        return (
            f"postgresql://{SUPERUSER}:{quote(self._password, safe='')}"
            f"@127.0.0.1:{self.port}/{quote(database, safe='')}"
        )

    async def start(self) -> None:
        """Make the cluster if there is none, start it, and wait until it answers.

        Raises EmbeddedServerFailed, HomeNotReachable, Misconfigured.
        """
        user = OsUser.for_postgres()
        await asyncio.to_thread(make_home, self.home)
        self._password = await asyncio.to_thread(kept_secret, self.home / "password")
        programs = await asyncio.to_thread(postgres_bin_dir, self.home)
        if not self._data.exists():
            await asyncio.to_thread(self._make_cluster, programs, user)
        self.port = self.port or free_port()
        settings = {**self._settings, "port": str(self.port)}
        self._process = ManagedProcess(
            self.name,
            [
                programs / "postgres",
                "-D",
                self._data,
                *[word for key, value in settings.items() for word in ("-c", f"{key}={value}")],
            ],
            run_folder=self._run_folder,
            log=self._log,
            env=_environment(),
            user=user,
            cwd=Path("/"),
            stop_signal=signal.SIGINT,  # fast: sessions are ended, a checkpoint is written
            grace_seconds=STOP_SECONDS,
        )
        await self._process.start()
        try:
            await self._wait_until_it_answers()
        except BaseException:
            await self._process.kill()
            raise

    async def stop(self) -> None:
        """End all sessions and shut down cleanly; killed after STOP_SECONDS."""
        if self._process is not None:
            await self._process.stop()

    async def kill(self) -> None:
        """SIGKILL the postmaster and its children, as a crash of the machine would."""
        if self._process is None or self._process.pid is None:
            return
        children = await asyncio.to_thread(children_of, self._process.pid)
        await self._process.kill()
        for child in children:
            child.signal(signal.SIGKILL)
        for child in children:
            # A new postmaster refuses to start while an old backend holds the shared memory.
            await asyncio.to_thread(child.wait_gone, CHILDREN_SECONDS)

    async def create_database(self, name: str) -> str:
        """Make an empty database and give its url. Nothing happens if it is there."""
        connection = await asyncpg.connect(self.url(), timeout=START_SECONDS)
        try:
            exists = await connection.fetchval("select 1 from pg_database where datname = $1", name)
            if not exists:
                await connection.execute(
                    f"create database {quote_identifier(name)} template template0"
                )
        finally:
            await connection.close()
        return self.url(name)

    async def drop_database(self, name: str) -> None:
        """Drop a database, ending the sessions in it. Nothing happens if it is not there."""
        connection = await asyncpg.connect(self.url(), timeout=START_SECONDS)
        try:
            await connection.execute(
                f"drop database if exists {quote_identifier(name)} with (force)"
            )
        finally:
            await connection.close()

    def _make_cluster(self, programs: Path, user: OsUser | None) -> None:
        # initdb works in a folder of its user and the result is renamed, so a data folder that
        # exists is whole.
        workshop = self.home / "initdb"
        shutil.rmtree(workshop, ignore_errors=True)
        workshop.mkdir(mode=0o700)
        password_file = workshop / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        if user is not None:
            user.own(workshop)
            user.own(password_file)
        arguments = [
            *("-D", workshop / "data", "-U", SUPERUSER, "--auth=scram-sha-256"),
            *("--pwfile", password_file, "--encoding=UTF8", "--no-instructions"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *(["--no-sync"] if self._settings.get("fsync") == "off" else []),
        ]
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as output:
            done = subprocess.run(
                [programs / "initdb", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(),
                cwd="/",
                timeout=INITDB_SECONDS,
                check=False,
                **({} if user is None else user.popen_arguments()),
            )
        if done.returncode != 0:
            raise EmbeddedServerFailed(self.name, "could not make its data folder", self._log)
        (workshop / "data").rename(self._data)
        shutil.rmtree(workshop, ignore_errors=True)

    async def _wait_until_it_answers(self) -> None:
        process = self._process
        assert process is not None
        deadline = time.monotonic() + START_SECONDS
        while process.running:
            if time.monotonic() > deadline:
                raise EmbeddedServerFailed(self.name, "did not answer in time", self._log)
            try:
                connection = await asyncpg.connect(self.url(), timeout=START_SECONDS)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(_POLL_SECONDS)
                continue
            await connection.close()
            return
        raise EmbeddedServerFailed(self.name, "stopped while starting", self._log)


def _environment() -> dict[str, str]:
    # Nothing of ours: PG* variables would change what the programs do, secrets are not theirs.
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
