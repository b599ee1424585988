import asyncio
from uuid import uuid4

import pytest

from servers import PostgresTestServer
from sterna_core.errors import Fenced, SnapshotLost, Terminal
from sterna_core.tasks.table import PageRange
from sterna_executor.databases.postgresql import bookkeeping
from support.tasks import granted
from support.transfer.moving import Moving

NUMBERS = (
    "create table public.numbers (id int, word text)",
    "create index on public.numbers (id)",
)


async def numbers(moving: Moving, count: int = 5000) -> None:
    await moving.both(*NUMBERS)
    await moving.on(
        "source",
        f"insert into public.numbers select n, 'word ' || n from generate_series(1, {count}) n",
    )


async def test_page_ranges_bring_each_row_once(moving: Moving) -> None:
    await numbers(moving)
    table = await moving.table("numbers")
    async with moving.snapshot() as snapshot:
        pages = [PageRange(0, 10), PageRange(10, 11), PageRange(11, 25), PageRange(25, None)]
        copied = [
            await moving.copy(moving.assignment(), moving.chunk(table, snapshot, each, number))
            for number, each in enumerate(pages)
        ]
    assert sum(chunk.rows for chunk in copied) == 5000
    assert all(chunk.rows > 0 and chunk.bytes > 0 and not chunk.repeated for chunk in copied)
    assert await moving.same(table)
    assert await moving.receipts() == len(pages)


async def test_what_was_added_after_the_plan_is_in_the_last_range(moving: Moving) -> None:
    await numbers(moving)
    await moving.on(
        "source", "insert into public.numbers select n, 'new' from generate_series(1, 9000) n"
    )
    table = await moving.table("numbers")
    async with moving.snapshot() as snapshot:
        for number, each in enumerate([PageRange(0, 20), PageRange(20, None)]):
            await moving.copy(moving.assignment(), moving.chunk(table, snapshot, each, number))
    assert await moving.same(table)


async def test_what_was_written_after_the_snapshot_is_not_copied(moving: Moving) -> None:
    await numbers(moving, 100)
    table = await moving.table("numbers")
    before = await moving.rows("source", table)
    async with moving.snapshot() as snapshot:
        await moving.on(
            "source",
            "update public.numbers set word = 'changed' where id % 2 = 0",
            "delete from public.numbers where id < 10",
            "insert into public.numbers values (0, 'late')",
        )
        await moving.copy_table(table, snapshot)
    assert await moving.rows("target", table) == before


async def test_an_empty_table_is_a_chunk_without_rows(moving: Moving) -> None:
    await moving.both(*NUMBERS)
    table = await moving.table("numbers")
    async with moving.snapshot() as snapshot:
        copied = await moving.copy_table(table, snapshot)
    assert (copied.rows, copied.repeated) == (0, False)
    assert await moving.receipts() == 1


async def test_a_repeat_gives_the_first_figures_and_copies_nothing(moving: Moving) -> None:
    await numbers(moving)
    table = await moving.table("numbers")
    async with moving.snapshot() as snapshot:
        work = moving.chunk(table, snapshot)
        first = await moving.copy(moving.assignment("tsk_a"), work)
        again = await moving.copy(moving.assignment("tsk_a"), work)
    assert again.repeated
    assert (again.rows, again.bytes, again.seconds) == (first.rows, first.bytes, first.seconds)
    assert await moving.same(table)


async def test_a_chunk_of_another_task_and_snapshot_is_not_copied_again(moving: Moving) -> None:
    await numbers(moving)
    table = await moving.table("numbers")
    async with moving.snapshot() as snapshot:
        await moving.copy(moving.assignment("tsk_a"), moving.chunk(table, snapshot))
        work = moving.chunk(table, snapshot, generation=2)
        again = await moving.copy(moving.assignment("tsk_b"), work)
    assert (again.repeated, again.generation) == (True, 1)
    assert await moving.same(table)


async def test_several_executors_at_once_copy_a_chunk_once(moving: Moving) -> None:
    await numbers(moving)
    table = await moving.table("numbers")
    async with moving.snapshot() as snapshot:
        work = moving.chunk(table, snapshot)
        deliveries = (moving.copy(moving.assignment("tsk_a"), work) for _ in range(4))
        copied = await asyncio.gather(*deliveries)
    assert sorted(chunk.repeated for chunk in copied) == [False, True, True, True]
    assert {chunk.rows for chunk in copied} == {5000}
    assert await moving.receipts() == 1
    assert await moving.same(table)


async def test_after_the_fence_was_raised_a_late_executor_writes_nothing(moving: Moving) -> None:
    await numbers(moving)
    table = await moving.table("numbers")
    async with moving.snapshot() as snapshot:
        async with moving.target.session() as target:
            await bookkeeping.raise_fence(target, moving.migration_id, 1, granted)
        with pytest.raises(Fenced):
            await moving.copy_table(table, snapshot)
    assert await moving.rows("target", table) == []
    assert await moving.receipts() == 0


async def test_without_its_snapshot_a_chunk_is_not_copied(moving: Moving) -> None:
    await numbers(moving)
    table = await moving.table("numbers")
    async with moving.snapshot() as snapshot:
        pass
    with pytest.raises(SnapshotLost):
        await moving.copy_table(table, snapshot)
    assert await moving.rows("target", table) == []
    assert await moving.receipts() == 0


async def test_a_refused_value_is_told_by_column_and_address_and_never_shown(
    moving: Moving,
) -> None:
    await numbers(moving)
    await moving.on("source", "update public.numbers set word = 'secret' || id where id = 4321")
    await moving.on("target", "alter table public.numbers add check (word not like 'secret%')")
    table = await moving.table("numbers")
    async with moving.snapshot() as snapshot:
        copied = await moving.copy(
            moving.assignment(), moving.chunk(table, snapshot, PageRange(3, None))
        )
    (told,) = copied.set_aside
    address = await moving.value("source", "select ctid::text from public.numbers where id = 4321")
    assert told.addresses == (address,)
    assert told.constraint == "numbers_word_check"
    assert "secret" not in str(told)


@pytest.mark.parametrize("copy_format", ["binary", "text"])
async def test_a_value_too_long_for_the_target_is_told_by_column(
    moving: Moving, copy_format: str
) -> None:
    await moving.on("source", 'create table public.words (id int, "a: word, column" text)')
    await moving.on("target", 'create table public.words (id int, "a: word, column" varchar(4))')
    await moving.on(
        "source", "insert into public.words values (1, 'ok'), (2, null), (3, 'too, column id: 5')"
    )
    table = await moving.table("words", copy_format=copy_format)
    async with moving.snapshot() as snapshot:
        (told,) = (await moving.copy_table(table, snapshot)).set_aside
    assert told.addresses == ("(0,3)",)
    assert told.column == "a: word, column"
    assert "too" not in str(told)


async def test_a_transformation_that_fails_is_told_by_the_row_it_fails_on(moving: Moving) -> None:
    await numbers(moving)
    await moving.on("source", "update public.numbers set id = 0 where id = 777")
    table = await moving.table("numbers", transformed={"id": "1000 / id"})
    address = await moving.value("source", "select ctid::text from public.numbers where id = 0")
    async with moving.snapshot() as snapshot:
        (told,) = (await moving.copy_table(table, snapshot)).set_aside
    assert told.addresses == (address,)
    assert told.error_class == "logic"


@pytest.mark.parametrize(
    "expression",
    [
        "1), (2",
        "1) to stdout; create table public.escaped (); copy (select (1",
        "1); create table public.escaped (); select (1",
        "1 /*",
        "1 -- '",
        "'; create table public.escaped (); --",
    ],
)
async def test_a_transformation_cannot_be_anything_but_an_expression(
    moving: Moving, expression: str
) -> None:
    await numbers(moving, 10)
    table = await moving.table("numbers", transformed={"id": expression})
    async with moving.snapshot() as snapshot:
        if expression == "1 -- '":
            await moving.copy_table(table, snapshot)  # a comment does no harm
        else:
            with pytest.raises(Terminal):
                await moving.copy_table(table, snapshot)
    for side in ("source", "target"):
        assert await moving.value(side, "select to_regclass('public.escaped')") is None


async def test_rows_that_a_trigger_of_the_target_drops_are_noticed(moving: Moving) -> None:
    await numbers(moving, 100)
    await moving.on(
        "target",
        "create function public.drop_some() returns trigger language plpgsql as"
        " $$ begin if new.id = 50 then return null; end if; return new; end $$",
        "create trigger drop_some before insert on public.numbers"
        " for each row execute function public.drop_some()",
    )
    table = await moving.table("numbers")
    async with moving.snapshot() as snapshot:
        with pytest.raises(Terminal) as refused:
            await moving.copy_table(table, snapshot)
    assert refused.value.code == "rows_dropped_by_target"
    assert await moving.rows("target", table) == []


async def test_text_moves_between_encodings_as_far_as_the_target_has_its_characters(
    moving: Moving, postgres_server: PostgresTestServer
) -> None:
    name = f"latin_{uuid4().hex}"
    await postgres_server.execute(
        f"create database {name} template template0 encoding 'LATIN1' locale 'C'"
    )
    try:
        latin = Moving(moving.source_url, postgres_server.url(name))
        async with latin.begun():
            await latin.both(
                "create table public.words"
                " (id int, word text, list text[], padded char(9), any_of json)"
            )
            await latin.on(
                "source",
                "insert into public.words values"
                " (1, 'd\u00e9j\u00e0 vu', '{\u00e9,\u00fc}', '\u00e9', '{\"\u00e9\": 1}')",
            )
            table = await latin.table("words", key=("id",))
            async with latin.snapshot() as snapshot:
                await latin.copy_table(table, snapshot)
                assert (await latin.compare(table, snapshot)).differing_buckets == 0
            await latin.on("source", "insert into public.words values (2, '\u20ac')")
            async with latin.snapshot() as snapshot:
                await latin.on("target", "truncate public.words")
                work = latin.chunk(table, snapshot, number=2)
                (told,) = (await latin.copy(latin.assignment(), work)).set_aside
            assert told.column == "word"
            assert told.addresses == ("(0,2)",)
    finally:
        await postgres_server.execute(f"drop database {name} with (force)")


async def test_char_n_travels_without_its_padding_and_is_stored_as_it_was(moving: Moving) -> None:
    await moving.both(
        "create table public.padded (id int, short char(3), wide char(200), loose bpchar)"
    )
    await moving.on(
        "source",
        "insert into public.padded values (1, 'ab', '', 'kept  '), (2, '', null, ''),"
        " (3, 'abc', E'\\u00e9\\u00df \\u20ac', null), (4, E'\\t', E' \\n  ', '  '),"
        " (5, '  a', repeat(E'\\u00e9', 200), E'\\u00e9 ')",
    )
    table = await moving.table("padded", key=("id",))
    stored = (
        "select id, bpcharsend(short), bpcharsend(wide), bpcharsend(loose) from public.padded"
        " order by id"
    )
    async with moving.snapshot() as snapshot:
        copied = await moving.copy_table(table, snapshot)
        assert (await moving.compare(table, snapshot)).differing_buckets == 0
    assert copied.bytes < 800
    assert await moving.ask("target", stored) == await moving.ask("source", stored)
