"""The same two PostgreSQL servers for every tool: one holds the source, one gets fresh targets."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from msgspec import Struct

from sterna_cli.embedded import PostgresServer, postgres_bin_dir
from sterna_cli.temporary_home import temporary_home

SETTINGS = {
    "shared_buffers": "1GB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "30min",
    "autovacuum": "off",
}
SOURCE = "shop"
_CONNECT_SECONDS = 30


class Clusters(Struct, frozen=True):
    """Two servers that run, and the folder of PostgreSQL's programs."""

    source: PostgresServer
    target: PostgresServer
    programs: Path

    @property
    def source_url(self) -> str:
        """The address of the source database."""
        return self.source.url(SOURCE)

    async def fresh_target(self, name: str) -> str:
        """Make an empty target database in place of an older one, and give its address.

        Both servers are brought to rest first, so that no tool pays for the one before it.
        """
        await self.target.drop_database(name)
        url = await self.target.create_database(name)
        for each in (self.source_url, url):
            await execute(each, "checkpoint")
        return url

    async def drop_target(self, name: str) -> None:
        """Drop a target database."""
        await self.target.drop_database(name)


async def execute(url: str, *statements: str) -> None:
    """Execute statements one after another, each on its own."""
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def fetch(url: str, query: str, *arguments: object) -> list[asyncpg.Record]:
    """Give the rows of a query."""
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    try:
        return list(await connection.fetch(query, *arguments))
    finally:
        await connection.close()


async def row_counts(url: str) -> dict[str, int]:
    """Count the rows of every table outside of the system's schemas and Sterna's own."""
    tables = await fetch(
        url,
        "select format('%I.%I', n.nspname, c.relname) as name from pg_class c "
        "join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname "
        "not in ('pg_catalog', 'information_schema', '_sterna') and n.nspname !~ '^pg_toast'",
    )
    return {
        table["name"]: (await fetch(url, f"select count(*) from {table['name']}"))[0][0]
        for table in tables
    }


@asynccontextmanager
async def clusters() -> AsyncGenerator[Clusters, None]:
    """Start both servers in a folder that is removed at the end."""
    async with temporary_home("bench") as home:
        source = PostgresServer(home / "source", settings=SETTINGS, name="source")
        target = PostgresServer(home / "target", settings=SETTINGS, name="target")
        try:
            await source.start()
            await target.start()
            await source.create_database(SOURCE)
            yield Clusters(source, target, await asyncio.to_thread(postgres_bin_dir, home))
        finally:
            await asyncio.gather(source.stop(), target.stop())
