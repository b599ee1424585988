"""Rows that the target refuses: all others arrive, and these are set aside."""

import asyncio
from uuid import uuid4

import pytest

from servers import PostgresTestServer
from sterna_core.errors import DataRejected, Unreachable
from sterna_executor.databases.postgresql.connection import application_name_for
from support.transfer.moving import DEADLINE_SECONDS, GATE, Moving

COUNT = 100_000
KILL = (
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where application_name = $1 and datname = current_database()"
)


async def words(moving: Moving, count: int = COUNT) -> None:
    await moving.both("create table public.words (id int primary key, word text)")
    await moving.on(
        "source",
        f"insert into public.words select n, 'word ' || n from generate_series(1, {count}) n",
    )


async def held(moving: Moving) -> list[tuple[object, ...]]:
    rows = await moving.ask(
        "target",
        "select error_id, class, sqlstate, column_name, key, body from _sterna.set_aside"
        " where migration_id = $1 order by address",
        moving.migration_id,
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("copy_format", ["binary", "text"])
@pytest.mark.parametrize(
    ("changed", "bad", "kind", "sqlstate"),
    [
        ("alter column word type varchar(12)", "repeat('x', 13)", "truncation", "22001"),
        ("add check (word not like 'bad%')", "'bad one'", "constraint", "23514"),
        ("alter column word set not null", "null", "constraint", "23502"),
    ],
)
async def test_one_refused_row_of_many_is_set_aside_and_all_others_arrive(
    moving: Moving, copy_format: str, changed: str, bad: str, kind: str, sqlstate: str
) -> None:
    await words(moving)
    await moving.on("target", f"alter table public.words {changed}")
    await moving.on("source", f"update public.words set word = {bad} where id = 77777")
    table = await moving.table("words", key=("id",), copy_format=copy_format)
    async with moving.snapshot() as snapshot:
        copied = await moving.copy_table(table, snapshot)
    assert copied.rows == COUNT - 1
    (told,) = copied.set_aside
    assert (told.error_class, told.sqlstate, told.rows) == (kind, sqlstate, 1)
    address = await moving.value("source", "select ctid::text from public.words where id = 77777")
    assert told.addresses == (address,)
    ((error_id, *_, key, body),) = await held(moving)
    assert error_id == told.error_id
    assert key == '{"id":77777}'
    assert str(body).startswith('{"id":77777,"word":')
    missing = await moving.value("target", "select count(*) from public.words where id = 77777")
    assert missing == 0


async def test_characters_that_the_target_has_not_are_set_aside_in_plain_ascii(
    moving: Moving, postgres_server: PostgresTestServer
) -> None:
    name = f"latin_{uuid4().hex}"
    await postgres_server.execute(
        f"create database {name} template template0 encoding 'LATIN1' locale 'C'"
    )
    try:
        latin = Moving(moving.source_url, postgres_server.url(name))
        async with latin.begun():
            await words(latin, 20_000)
            await latin.on(
                "source", "update public.words set word = 'λόγος €' where id in (5, 12345, 20000)"
            )
            for number, copy_format in enumerate(("binary", "text")):
                await latin.on("target", "truncate public.words")
                table = await latin.table("words", key=("id",), copy_format=copy_format)
                async with latin.snapshot() as snapshot:
                    work = latin.chunk(table, snapshot, number=number)
                    copied = await latin.copy(latin.assignment(), work)
                assert copied.rows == 19_997
                assert {told.error_class for told in copied.set_aside} == {"encoding"}
                assert sum(told.rows for told in copied.set_aside) == 3
            body = str((await held(latin))[0][-1])
            assert body.isascii()
            assert await latin.value("source", "select ($1::json)->>'word'", body) == "λόγος €"
    finally:
        await postgres_server.execute(f"drop database {name} with (force)")


async def test_rows_that_the_source_cannot_give_are_set_aside(moving: Moving) -> None:
    await moving.both("create table public.numbers (id int, word text)")
    await moving.on(
        "source",
        "insert into public.numbers select n, 'word ' || n from generate_series(1, 3000) n",
        "update public.numbers set id = 0 where id in (1, 777, 778, 3000)",
    )
    table = await moving.table("numbers", transformed={"id": "1000 / id"})
    async with moving.snapshot() as snapshot:
        copied = await moving.copy_table(table, snapshot)
    assert copied.rows == 2996
    (told,) = copied.set_aside
    assert (told.error_class, told.sqlstate, told.rows) == ("logic", "22012", 4)


async def test_a_repeat_of_a_chunk_tells_the_same_errors_and_writes_nothing(
    moving: Moving,
) -> None:
    await words(moving, 5_000)
    await moving.on("target", "alter table public.words add check (id % 1000 <> 7)")
    table = await moving.table("words", key=("id",))
    async with moving.snapshot() as snapshot:
        first = await moving.copy(moving.assignment("tsk_a"), moving.chunk(table, snapshot))
        again = await moving.copy(moving.assignment("tsk_a"), moving.chunk(table, snapshot))
        other = await moving.copy(moving.assignment("tsk_b"), moving.chunk(table, snapshot))
    assert (first.repeated, again.repeated, other.repeated) == (False, True, True)
    assert first.rows == again.rows == 4_995
    assert first.set_aside == again.set_aside == other.set_aside
    assert await moving.value("target", "select count(*) from public.words") == 4_995
    assert len(await held(moving)) == 5


async def test_what_is_not_set_aside_is_compared_and_nothing_else_is_left_out(
    moving: Moving,
) -> None:
    await words(moving, 5_000)
    await moving.on("target", "alter table public.words add check (id <> 2500)")
    table = await moving.table("words", key=("id",), rows=5_000)
    async with moving.snapshot() as snapshot:
        await moving.copy_table(table, snapshot)
        found = await moving.compare(table, snapshot, some_set_aside=True)
        assert (found.differing_buckets, found.rows_set_aside) == (0, 1)
        assert (found.source_rows, found.target_rows) == (4_999, 4_999)
        await moving.on("target", "update public.words set word = 'changed' where id = 9")
        found = await moving.compare(table, snapshot, pass_number=2, some_set_aside=True)
        assert found.differing_buckets == 1


async def test_rows_set_aside_arrive_when_the_target_takes_them_at_a_retry(
    moving: Moving,
) -> None:
    await words(moving, 5_000)
    await moving.on(
        "target", "alter table public.words add constraint few check (id not in (10, 4000))"
    )
    table = await moving.table("words", key=("id",), rows=5_000)
    async with moving.snapshot() as snapshot:
        copied = await moving.copy_table(table, snapshot)
        (told,) = copied.set_aside
        tried = await moving.retry(table, snapshot, told.error_id)
        assert (tried.rows_copied, tried.rows_left) == (0, 2)
        await moving.on(
            "target",
            "alter table public.words drop constraint few",
            "alter table public.words add constraint few check (id <> 10)",
        )
        tried = await moving.retry(table, snapshot, told.error_id, pass_number=2)
        assert (tried.rows_copied, tried.rows_left) == (1, 1)
        assert {row[0] for row in await held(moving)} == {told.error_id}
        await moving.on("target", "alter table public.words drop constraint few")
        tried = await moving.retry(table, snapshot, told.error_id, pass_number=3)
        assert (tried.rows_copied, tried.rows_left) == (1, 0)
        found = await moving.compare(table, snapshot, pass_number=4, some_set_aside=True)
        assert (found.differing_buckets, found.rows_set_aside) == (0, 0)
    assert await moving.same(table)
    assert await held(moving) == []


@pytest.mark.parametrize("key", [("id",), ()])
async def test_a_repair_under_another_snapshot_knows_the_rows_it_cannot_copy_again(
    moving: Moving, key: tuple[str, ...]
) -> None:
    await words(moving, 5_000)
    await moving.on("target", "alter table public.words add check (id not in (10, 4000, 6000))")
    table = await moving.table("words", key=key, rows=5_000)
    async with moving.snapshot() as snapshot:
        (told,) = (await moving.copy_table(table, snapshot)).set_aside
    await moving.on(
        "source",
        "update public.words set word = 'later' where id % 7 = 0 and id <> 4000",
        "delete from public.words where id = 10",
        "insert into public.words values (6000, 'also refused')",
    )
    async with moving.snapshot() as snapshot:
        found = await moving.compare(table, snapshot, generation=2, some_set_aside=True)
        assert found.differing_buckets
        mended = await moving.repair(table, snapshot, generation=2, some_set_aside=True)
        errors = {each.error_id: each.rows for each in mended.set_aside}
        assert errors.pop(told.error_id) == 1
        assert list(errors.values()) == [1]
        found = await moving.compare(
            table, snapshot, pass_number=2, generation=2, some_set_aside=True
        )
        assert (found.differing_buckets, found.rows_set_aside) == (0, 2)
    assert len(await held(moving)) == 2


@pytest.mark.parametrize("side", ["source", "target"])
async def test_a_careful_copy_that_is_killed_leaves_nothing_and_is_done_again_alike(
    moving: Moving, side: str
) -> None:
    await words(moving, 5_000)
    await moving.on("target", "alter table public.words add check (id not in (10, 4500))")
    plain = await moving.table("words", key=("id",))
    async with moving.snapshot() as snapshot:
        async with moving.gate_closed(), asyncio.timeout(DEADLINE_SECONDS):
            waits = f"case when id = 4000 then {GATE.format(value='4000')} else id end"
            gated = await moving.table("words", key=("id",), transformed={"id": waits})
            work = moving.chunk(gated, snapshot)
            copying = asyncio.create_task(moving.copy(moving.assignment("tsk_a"), work))
            await moving.at_gate()
            await moving.ask(side, KILL, application_name_for(moving.migration_id))
            with pytest.raises(Unreachable):
                await copying
        assert await moving.rows("target", plain) == []
        assert await held(moving) == []
        assert await moving.receipts() == 0
        again = await moving.copy(moving.assignment("tsk_a"), moving.chunk(plain, snapshot))
        repeat = await moving.copy(moving.assignment("tsk_a"), moving.chunk(plain, snapshot))
    assert (again.rows, again.repeated, repeat.repeated) == (4_998, False, True)
    assert again.set_aside == repeat.set_aside
    assert len(await held(moving)) == 2


async def test_a_chunk_that_is_refused_as_a_whole_is_given_up_soon(moving: Moving) -> None:
    await words(moving, 20_000)
    await moving.on("target", "alter table public.words add check (id < 0)")
    table = await moving.table("words", key=("id",))
    async with moving.snapshot() as snapshot:
        with pytest.raises(DataRejected) as refused:
            await moving.copy_table(table, snapshot)
    assert refused.value.code == "too_many_data_errors"
    assert refused.value.details["in_succession"] == 101
    assert await held(moving) == []
    assert await moving.receipts() == 0


async def test_rows_refused_by_a_unique_index_of_the_target_are_those_that_come_later(
    moving: Moving,
) -> None:
    await moving.on("source", "create table public.twice (id int, word text)")
    await moving.on("target", "create table public.twice (id int unique, word text)")
    await moving.on(
        "source",
        "insert into public.twice select n % 1000, 'word ' || n from generate_series(1, 1003) n",
    )
    table = await moving.table("twice")
    async with moving.snapshot() as snapshot:
        copied = await moving.copy_table(table, snapshot)
    assert copied.rows == 1000
    (told,) = copied.set_aside
    assert (told.error_class, told.sqlstate, told.rows) == ("constraint", "23505", 3)


async def test_a_row_that_a_domain_of_the_target_refuses_is_set_aside(moving: Moving) -> None:
    await moving.on(
        "source",
        "create domain public.short as text",
        "create table public.words (id int primary key, word public.short)",
        "insert into public.words select n, 'word ' || n from generate_series(1, 5000) n",
        "update public.words set word = 'much too long a word' where id in (3, 4000)",
    )
    await moving.on(
        "target",
        "create domain public.short as text constraint brief check (length(value) < 12)",
        "create table public.words (id int primary key, word public.short)",
    )
    table = await moving.table("words", key=("id",), copy_format="text", rows=5_000)
    async with moving.snapshot() as snapshot:
        copied = await moving.copy_table(table, snapshot)
        assert copied.rows == 4_998
        (told,) = copied.set_aside
        assert (told.error_class, told.sqlstate, told.rows) == ("constraint", "23514", 2)
        assert (told.column, told.constraint) == ("word", "brief")
        found = await moving.compare(table, snapshot, some_set_aside=True)
        assert (found.differing_buckets, found.rows_set_aside) == (0, 2)


async def test_bytes_that_are_no_text_in_the_encoding_of_the_target_are_set_aside(
    moving: Moving, postgres_server: PostgresTestServer
) -> None:
    name = f"ascii_{uuid4().hex}"
    await postgres_server.execute(
        f"create database {name} template template0 encoding 'SQL_ASCII' locale 'C'"
    )
    try:
        loose = Moving(postgres_server.url(name), moving.target_url)
        async with loose.begun():
            await loose.both("create table public.words (id int primary key, word text)")
            await loose.on(
                "source",
                "insert into public.words select n, 'word ' || n from generate_series(1, 3000) n",
                r"update public.words set word = E'W\xf6rter' where id in (2, 1999)",
            )
            for number, copy_format in enumerate(("binary", "text")):
                await loose.on("target", "truncate public.words")
                table = await loose.table("words", key=("id",), copy_format=copy_format)
                async with loose.snapshot() as snapshot:
                    work = loose.chunk(table, snapshot, number=number)
                    copied = await loose.copy(loose.assignment(), work)
                assert copied.rows == 2_998
                (told,) = copied.set_aside
                assert (told.error_class, told.sqlstate, told.rows) == ("encoding", "22021", 2)
    finally:
        await postgres_server.execute(f"drop database {name} with (force)")
