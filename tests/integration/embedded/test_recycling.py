import asyncpg
import pytest
from tests.servers import PostgresTestServer

MARKS = (
    "create table public.t (a integer primary key, b text)",
    "create schema other create table u (a serial)",
    "create extension vector",
    "create type public.mood as enum ('glad')",
    "create function public.f() returns integer language sql return 1",
    "create domain public.d as integer check (value > 0)",
)
LASTING = (
    "alter default privileges grant select on tables to public",
    "select lo_create(0)",
    "create cast (json as bytea) without function",
    "comment on schema public is 'theirs'",
    "grant create on schema public to public",
)


async def run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_database_that_is_handed_back_is_used_again_empty(
    postgres_server: PostgresTestServer,
) -> None:
    url = await postgres_server.create_database()
    for mark in MARKS:
        await run(url, mark)
    await postgres_server.drop_database(url)

    again = await postgres_server.create_database()

    assert again == url
    for mark in MARKS:
        await run(again, mark)
    await postgres_server.drop_database(again)


async def test_a_database_that_is_not_emptied_in_time_is_not_waited_for(
    postgres_server: PostgresTestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.servers.EMPTY_SECONDS", 0.001)
    url = await postgres_server.create_database()
    await run(url, "create schema other")
    await run(
        url,
        "do $$ begin for i in 1..200 loop execute 'create table t' || i || '()'; end loop; end $$",
    )
    await postgres_server.drop_database(url)

    again = await postgres_server.create_database()

    assert again != url
    await postgres_server.drop_database(again)


@pytest.mark.parametrize("mark", LASTING)
async def test_a_database_that_does_not_look_like_a_new_one_is_not_used_again(
    postgres_server: PostgresTestServer, mark: str
) -> None:
    url = await postgres_server.create_database()
    await run(url, mark)
    await postgres_server.drop_database(url)

    again = await postgres_server.create_database()

    assert again != url
    await postgres_server.drop_database(again)
