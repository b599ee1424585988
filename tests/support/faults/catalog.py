"""What a target held before anything was moved into it."""

import asyncio

import asyncpg

from sterna_cli.embedded import postgres_bin_dir


async def plant(url: str) -> None:
    """Make a table, a type and a view that were there first."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "create schema mine; create type mine.mood as enum ('calm', 'keen');"
            "create table mine.notes (id bigint generated always as identity primary key,"
            " text text not null, mood mine.mood);"
            "insert into mine.notes (text, mood) select 'note ' || n, 'calm'"
            " from generate_series(1, 1000) as n;"
            "create view public.keen as select * from mine.notes where mood = 'keen'"
        )
    finally:
        await connection.close()


async def describe(url: str) -> tuple[str, str]:
    """Give the schema as pg_dump writes it, and a digest of the rows."""
    process = await asyncio.create_subprocess_exec(
        postgres_bin_dir() / "pg_dump",
        "--schema-only",
        "--restrict-key=x",
        f"--dbname={url}",
        stdout=asyncio.subprocess.PIPE,
    )
    text, _ = await process.communicate()
    assert process.returncode == 0
    connection = await asyncpg.connect(url)
    try:
        digest = await connection.fetchval(
            "select md5(string_agg(t::text, ',' order by t::text)) from mine.notes as t"
        )
    finally:
        await connection.close()
    return text.decode(), digest
