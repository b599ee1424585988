"""pgbench's tables: made, written to, and what must hold of them."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

import asyncpg

from sterna_cli.embedded import postgres_bin_dir

TABLES = ("pgbench_accounts", "pgbench_branches", "pgbench_history", "pgbench_tellers")
STOP_SECONDS = 20


def _environment(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {
        **os.environ,
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.lstrip("/"),
    }


async def make_tables(url: str, scale: int) -> None:
    """Make the tables, with keys and a foreign key."""
    process = await asyncio.create_subprocess_exec(
        postgres_bin_dir() / "pgbench",
        "-i",
        "-q",
        "-s",
        str(scale),
        "--foreign-keys",
        env=_environment(url),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0, "pgbench could not make its tables"


@asynccontextmanager
async def writing(url: str, clients: int = 2) -> AsyncGenerator[None]:
    """Write to the tables for as long as the block lasts."""
    process = await asyncio.create_subprocess_exec(
        postgres_bin_dir() / "pgbench",
        "-n",
        "-c",
        str(clients),
        "-T",
        "3600",
        env=_environment(url),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()


async def contents(url: str) -> dict[str, tuple[int, str]]:
    """Give rows and an order-independent digest of each table, by text and MD5."""
    connection = await asyncpg.connect(url)
    try:
        found = {}
        for table in TABLES:
            row = await connection.fetchrow(
                "select count(*) as rows, coalesce(sum(('x' || md5(t::text))::bit(64)::bigint"
                f"::numeric), 0)::text as digest from public.{table} as t"
            )
            found[table] = (row["rows"], row["digest"])
        return found
    finally:
        await connection.close()


async def balances(url: str) -> tuple[int, int, int, int]:
    """Give the sums that pgbench keeps equal in every committed state, and no other."""
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow(
            "select (select sum(abalance) from public.pgbench_accounts),"
            " (select sum(tbalance) from public.pgbench_tellers),"
            " (select sum(bbalance) from public.pgbench_branches),"
            " (select coalesce(sum(delta), 0) from public.pgbench_history)"
        )
        return tuple(int(value) for value in row)
    finally:
        await connection.close()


async def accounts(url: str) -> tuple[int, int]:
    """Give how many accounts there are, and how many different ones."""
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow(
            "select count(*), count(distinct aid) from public.pgbench_accounts"
        )
        return int(row[0]), int(row[1])
    finally:
        await connection.close()
