"""Rows that are refused arrive with another value, and are compared with just that."""

from uuid import uuid4

import pytest

from servers import PostgresTestServer
from sterna_core.migration.replacement import (
    AnyReplacement,
    ColumnDefault,
    FixedValue,
    Transformed,
)
from sterna_core.migration.validation_options import StatisticalOptions
from sterna_core.tasks.table import TableSpec
from sterna_core.tasks.validation_work import ValidateStatistics
from sterna_core.tasks.work import RowReplacement, TryTransformation
from sterna_executor.databases.postgresql.snapshot import HeldSnapshot
from sterna_executor.databases.postgresql.statistics_check import check_statistics
from support.transfer.moving import Moving

ROWS = 3_000


async def words(moving: Moving, *on_target: str) -> TableSpec:
    """Make a table, one of whose rows has a word that is too long for the target."""
    await moving.on(
        "source",
        "create table public.words (id int primary key, word text, more text)",
        f"insert into public.words select n, 'word ' || n, n from generate_series(1, {ROWS}) n",
        "update public.words set word = repeat('x', 20) where id in (7, 2500)",
    )
    await moving.on(
        "target",
        "create table public.words (id int primary key, word varchar(12) default 'unknown',"
        " more text)",
        *on_target,
    )
    return await moving.table("words", key=("id",), rows=ROWS)


def replacing(error_id: str, replacement: AnyReplacement, table: TableSpec) -> RowReplacement:
    trial = None
    if isinstance(replacement, Transformed):
        column = next(each for each in table.columns if each.target == replacement.column)
        trial = TryTransformation(
            source_schema=table.source_schema,
            source_table=table.source_table,
            mapping_id="map_1",
            column=column.source,
            columns=tuple(each.source for each in table.columns),
            source_type="text",
            target_type="character varying(12)",
            expression=replacement.expression,
        )
    return RowReplacement(error_id=error_id, replacement=replacement, trial=trial)


async def refused(moving: Moving, table: TableSpec, snapshot: HeldSnapshot) -> str:
    (told,) = (await moving.copy_table(table, snapshot)).set_aside
    return told.error_id


async def in_target(moving: Moving, *ids: int) -> list[object]:
    rows = await moving.ask(
        "target", "select word from public.words where id = any ($1::int[]) order by id", list(ids)
    )
    return [row["word"] for row in rows]


@pytest.mark.parametrize(
    ("replacement", "word", "key"),
    [
        (FixedValue(column="word", text="\t\\N 'x'"), "\t\\N 'x'", ()),
        (FixedValue(column="word", text=None), None, ("id",)),
        (ColumnDefault(column="word"), "unknown", ("id",)),
        (Transformed(column="word", expression="substr(word, 1, 3) || '…'"), "xxx…", ("id",)),
    ],
)
async def test_rows_arrive_with_what_was_decided_and_nothing_else_may_differ(
    moving: Moving, replacement: AnyReplacement, word: str | None, key: tuple[str, ...]
) -> None:
    await words(moving)
    table = await moving.table("words", key=key, rows=ROWS)
    async with moving.snapshot() as snapshot:
        error_id = await refused(moving, table, snapshot)
        wanted = replacing(error_id, replacement, table)
        tried = await moving.retry(table, snapshot, error_id, replacement=wanted)
        assert (tried.rows_copied, tried.rows_left, tried.rows_replaced) == (2, 0, 2)
        assert await in_target(moving, 7, 2500) == [word, word]
        found = await moving.compare(table, snapshot, pass_number=2, some_set_aside=True)
        assert (found.differing_buckets, found.rows_set_aside, found.rows_replaced) == (0, 0, 2)
        assert (found.source_rows, found.target_rows) == (ROWS, ROWS)
        await moving.on("target", "update public.words set more = 'changed' where id = 7")
        found = await moving.compare(table, snapshot, pass_number=3, some_set_aside=True)
        assert found.differing_buckets


async def test_only_what_is_refused_as_it_is_gets_another_value(moving: Moving) -> None:
    table = await words(moving)
    async with moving.snapshot() as snapshot:
        error_id = await refused(moving, table, snapshot)
        await moving.on(
            "target",
            "alter table public.words alter column word type text",
            "alter table public.words add check (id <> 7 or length(word) < 12)",
        )
        wanted = replacing(error_id, FixedValue(column="word", text="short"), table)
        tried = await moving.retry(table, snapshot, error_id, replacement=wanted)
    assert (tried.rows_copied, tried.rows_left, tried.rows_replaced) == (2, 0, 1)
    assert await in_target(moving, 7, 2500) == ["short", "x" * 20]


@pytest.mark.parametrize(
    ("replacement", "code"),
    [
        (FixedValue(column="word", text="longer than twelve"), "value_refused"),
        (Transformed(column="word", expression="word || '!'"), "values_do_not_fit"),
        (Transformed(column="word", expression="(1 / (id - id))::text"), "values_do_not_fit"),
        (Transformed(column="word", expression="pg_read_file('x')"), "expression_refused"),
    ],
)
async def test_what_the_column_does_not_take_is_refused_and_the_rows_stay_set_aside(
    moving: Moving, replacement: AnyReplacement, code: str
) -> None:
    table = await words(moving)
    async with moving.snapshot() as snapshot:
        error_id = await refused(moving, table, snapshot)
        wanted = replacing(error_id, replacement, table)
        tried = await moving.retry(table, snapshot, error_id, replacement=wanted)
        assert (tried.rows_copied, tried.rows_left, tried.code) == (0, 2, code)
        assert tried.reason
        found = await moving.compare(table, snapshot, pass_number=2, some_set_aside=True)
        assert (found.differing_buckets, found.rows_set_aside, found.rows_replaced) == (0, 2, 0)


async def test_a_row_that_a_constraint_refuses_with_the_new_value_too_stays_set_aside(
    moving: Moving,
) -> None:
    table = await words(moving, "create unique index on public.words (word)")
    async with moving.snapshot() as snapshot:
        error_id = await refused(moving, table, snapshot)
        wanted = replacing(error_id, FixedValue(column="word", text="once"), table)
        tried = await moving.retry(table, snapshot, error_id, replacement=wanted)
        assert (tried.rows_copied, tried.rows_left, tried.rows_replaced) == (1, 1, 1)
        found = await moving.compare(table, snapshot, pass_number=2, some_set_aside=True)
        assert (found.differing_buckets, found.rows_set_aside, found.rows_replaced) == (0, 1, 1)
    assert await in_target(moving, 7, 2500) == ["once"]


async def test_a_retry_that_is_done_again_replaces_nothing_twice(moving: Moving) -> None:
    table = await words(moving)
    async with moving.snapshot() as snapshot:
        error_id = await refused(moving, table, snapshot)
        wanted = replacing(error_id, ColumnDefault(column="word"), table)
        assignment = moving.assignment("tsk_retry")
        first = await moving.retry(
            table, snapshot, error_id, replacement=wanted, assignment=assignment
        )
        again = await moving.retry(
            table, snapshot, error_id, replacement=wanted, assignment=assignment
        )
    assert first == again
    assert await moving.value("target", "select count(*) from public.words") == ROWS


@pytest.mark.parametrize("key", [("id",), ()])
async def test_a_repair_under_another_snapshot_gives_rows_again_what_was_decided(
    moving: Moving, key: tuple[str, ...]
) -> None:
    await words(moving)
    table = await moving.table("words", key=key, rows=ROWS)
    async with moving.snapshot() as snapshot:
        error_id = await refused(moving, table, snapshot)
        wanted = replacing(error_id, FixedValue(column="word", text="decided"), table)
        await moving.retry(table, snapshot, error_id, replacement=wanted)
    await moving.on(
        "source",
        "update public.words set word = 'put right' where id = 7",
        "update public.words set more = 'later' where id = 100",
    )
    async with moving.snapshot() as snapshot:
        found = await moving.compare(
            table, snapshot, pass_number=2, generation=2, some_set_aside=True
        )
        assert found.differing_buckets
        mended = await moving.repair(
            table,
            snapshot,
            pass_number=2,
            generation=2,
            some_set_aside=True,
            replacements=(wanted,),
        )
        (told,) = mended.set_aside
        assert (told.error_id, told.rows, told.replaced) == (error_id, 0, 1)
        found = await moving.compare(
            table, snapshot, pass_number=3, generation=2, some_set_aside=True
        )
        assert (found.differing_buckets, found.rows_set_aside, found.rows_replaced) == (0, 0, 1)
    assert await in_target(moving, 7, 2500) == ["put right", "decided"]


async def test_a_row_that_the_source_cannot_give_gets_a_value(moving: Moving) -> None:
    await moving.both("create table public.words (id int primary key, word int)")
    await moving.on(
        "source",
        "insert into public.words select n, n from generate_series(0, 1000) n",
    )
    table = await moving.table(
        "words", key=("id",), rows=1_001, transformed={"word": "1000 / word"}
    )
    async with moving.snapshot() as snapshot:
        error_id = await refused(moving, table, snapshot)
        wanted = replacing(error_id, FixedValue(column="word", text="-1"), table)
        tried = await moving.retry(table, snapshot, error_id, replacement=wanted)
        assert (tried.rows_copied, tried.rows_left) == (1, 0)
        found = await moving.compare(table, snapshot, pass_number=2, some_set_aside=True)
        assert (found.differing_buckets, found.rows_replaced) == (0, 1)
    assert await in_target(moving, 0) == [-1]


async def test_a_column_with_a_sequence_gets_a_number_for_each_row(moving: Moving) -> None:
    await moving.on(
        "source",
        "create table public.words (id int, word text)",
        "insert into public.words select n, 'word' from generate_series(-2, 1000) n",
    )
    await moving.on(
        "target",
        "create table public.words (id int generated always as identity (start 5000)"
        " check (id > 0), word text)",
    )
    table = await moving.table("words", rows=1_003)
    async with moving.snapshot() as snapshot:
        error_id = await refused(moving, table, snapshot)
        wanted = replacing(error_id, ColumnDefault(column="id"), table)
        tried = await moving.retry(table, snapshot, error_id, replacement=wanted)
        assert (tried.rows_copied, tried.rows_replaced) == (3, 3)
        found = await moving.compare(table, snapshot, pass_number=2, some_set_aside=True)
        assert (found.differing_buckets, found.rows_replaced) == (0, 3)
    highest = await moving.ask("target", "select id from public.words order by id desc limit 3")
    assert [row["id"] for row in highest] == [5002, 5001, 5000]


async def test_statistics_know_the_rows_left_out_and_the_column_with_other_values(
    moving: Moving,
) -> None:
    await moving.both("create table public.words (id int primary key, word text, n int)")
    await moving.on(
        "source", "insert into public.words select n, 'word', n from generate_series(1, 1000) n"
    )
    await moving.on(
        "target",
        "alter table public.words add constraint few check (n not in (1, 1000))",
        "alter table public.words add constraint ids check (id < 1000)",
    )
    table = await moving.table("words", key=("id",), rows=1_000)
    async with moving.snapshot() as snapshot:
        error_id = await refused(moving, table, snapshot)
        wanted = replacing(error_id, FixedValue(column="n", text="-5"), table)
        tried = await moving.retry(table, snapshot, error_id, replacement=wanted)
        assert (tried.rows_left, tried.rows_replaced) == (1, 1)
        work = ValidateStatistics(
            tables=(table,),
            options=StatisticalOptions(enabled=True),
            snapshot_id=snapshot.snapshot_id,
            generation=1,
        )
        (finding,) = await check_statistics(moving.assignment(), work)
        assert finding.passed, finding.text
        assert finding.figures["source_rows"] == finding.figures["target_rows"] == 999
        assert (finding.figures["rows_left_out"], finding.figures["columns_replaced"]) == (1, 1)
        await moving.on("target", "update public.words set word = null")
        (finding,) = await check_statistics(moving.assignment(), work)
        assert not finding.passed


async def test_a_character_that_the_target_has_not_is_replaced_by_one_that_it_has(
    moving: Moving, postgres_server: PostgresTestServer
) -> None:
    name = f"latin_{uuid4().hex}"
    await postgres_server.execute(
        f"create database {name} template template0 encoding 'LATIN1' locale 'C'"
    )
    try:
        latin = Moving(moving.source_url, postgres_server.url(name))
        async with latin.begun():
            await latin.both("create table public.words (id int primary key, word text)")
            await latin.on(
                "source",
                "insert into public.words select n, 'wört ' || n from generate_series(1, 500) n",
                "update public.words set word = '5 €' where id = 5",
            )
            table = await latin.table("words", key=("id",), rows=500)
            async with latin.snapshot() as snapshot:
                error_id = await refused(latin, table, snapshot)
                expression = Transformed(column="word", expression="replace(word, '€', 'EUR')")
                wanted = replacing(error_id, expression, table)
                tried = await latin.retry(table, snapshot, error_id, replacement=wanted)
                assert (tried.rows_copied, tried.rows_left) == (1, 0), tried
                found = await latin.compare(table, snapshot, pass_number=2, some_set_aside=True)
                assert (found.differing_buckets, found.rows_replaced) == (0, 1)
            assert await in_target(latin, 5) == ["5 EUR"]
    finally:
        await postgres_server.execute(f"drop database {name} with (force)")
