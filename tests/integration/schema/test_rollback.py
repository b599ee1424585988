import pytest
from tests.integration.schema.migration import (
    SchemaMigration,
    dump_text,
    fetch,
    load_everything,
    run_sql,
)

from sterna_core.errors import Terminal

THEIRS = """
create schema theirs;
create extension pg_trgm with schema theirs;
create type theirs.colour as enum ('red', 'blue');
create table theirs.kept (id serial primary key, c theirs.colour, t text);
create index kept_words on theirs.kept using gin (t theirs.gin_trgm_ops);
insert into theirs.kept (c, t) select 'red', 'row ' || i from generate_series(1, 1000) i;
create view theirs.seen as select * from theirs.kept;
create table public.mine (a integer);
insert into public.mine values (1), (2);
create function public.mine_too() returns integer language sql as 'select 1';
comment on table public.mine is 'mine';
"""


async def _state(url: str) -> tuple[list[str], list[tuple[int, ...]]]:
    rows = await fetch(
        url, "select (select count(*) from theirs.kept), (select sum(a) from public.mine)"
    )
    schemas = await fetch(url, "select nspname from pg_namespace order by 1")
    return await dump_text(url), [*map(tuple, rows), *map(tuple, schemas)]


@pytest.mark.parametrize("step", ["created", "indexed", "built", "finished"])
async def test_a_rollback_leaves_the_target_as_it_was(
    source_database: str, target_database: str, step: str
) -> None:
    await load_everything(source_database)
    await run_sql(target_database, THEIRS)
    before = await _state(target_database)
    migration = SchemaMigration(source_database, target_database)

    created = await migration.create()
    if step == "indexed":
        for item in created.objects:
            if item.wave == "index":
                await migration.build(item)
    elif step != "created":
        await migration.build_all(created.objects)
    if step == "finished":
        await migration.finish()
    await migration.raise_fence()
    undone = await migration.roll_back()

    assert undone.differences == ()
    assert undone.removed["table"] == created.created["table"]
    assert undone.removed["schema"] == 2
    assert await _state(target_database) == before


async def test_a_second_rollback_finds_nothing_to_do(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database)
    await migration.create()
    await migration.raise_fence()
    await migration.roll_back()

    again = await migration.roll_back()

    assert again.removed == {}
    assert again.differences == ()


async def test_a_rollback_before_anything_was_created_removes_the_bookkeeping(
    source_database: str, target_database: str
) -> None:
    migration = SchemaMigration(source_database, target_database)
    await migration.raise_fence()

    undone = await migration.roll_back()

    assert undone.removed == {}
    assert await fetch(target_database, "select from pg_namespace where nspname = '_sterna'") == []


@pytest.mark.parametrize(
    ("foreign", "named"),
    [
        ("create view public.over as select id from shop.customer", "view public.over"),
        (
            "create table public.refers (c bigint references shop.customer (id))",
            "refers_c_fkey",
        ),
        ("create table public.typed (m shop.mood)", "column m of table public.typed"),
        ("create table public.attached partition of shop.event for values in ('au')", "attached"),
        (
            "create function public.f() returns integer begin atomic; select shop.add_one(1); end",
            "function public.f()",
        ),
        ("create table public.tagged (h public.hstore)", "tagged"),
    ],
)
async def test_what_others_hung_on_our_objects_stops_a_rollback_and_is_named(
    source_database: str, target_database: str, foreign: str, named: str
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database)
    created = await migration.create()
    await migration.build(*(item for item in created.objects if "customer" in item.name))
    await run_sql(target_database, foreign)
    before = await dump_text(target_database)
    await migration.raise_fence()

    with pytest.raises(Terminal) as failure:
        await migration.roll_back()

    assert failure.value.code == "rollback_failed"
    assert any(named in name for name in failure.value.details["objects"])
    assert await dump_text(target_database) == before


async def test_what_others_put_into_our_schema_stays_and_is_reported(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database)
    await migration.create()
    await run_sql(target_database, "create table shop.theirs (a integer)")
    await migration.raise_fence()

    undone = await migration.roll_back()

    assert undone.differences == ("schema shop is new", "table shop.theirs is new")


async def test_a_table_that_took_the_place_of_ours_is_not_dropped(
    source_database: str, target_database: str
) -> None:
    await run_sql(source_database, "create table public.t (a integer)")
    migration = SchemaMigration(source_database, target_database)
    await migration.create()
    await run_sql(target_database, "drop table public.t; create table public.t (b text)")
    await migration.raise_fence()

    undone = await migration.roll_back()

    assert undone.removed == {}
    assert undone.differences == ("table public.t is new",)


async def test_rows_that_changed_meanwhile_are_reported(
    source_database: str, target_database: str
) -> None:
    await run_sql(source_database, "create table public.t (a integer)")
    await run_sql(target_database, "create table public.mine (a integer)")
    migration = SchemaMigration(source_database, target_database)
    await migration.create()
    await run_sql(target_database, "insert into public.mine values (1)")
    await migration.raise_fence()

    undone = await migration.roll_back()

    assert undone.differences == ('table "public"."mine" had 0 rows and has 1',)


async def test_more_tables_than_one_transaction_takes_are_removed_step_by_step(
    source_database: str, target_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database)
    created = await migration.create()
    await migration.build_all(created.objects)
    await migration.raise_fence()
    monkeypatch.setattr("sterna_executor.databases.postgresql.rollback.TABLES_A_TRANSACTION", 3)

    undone = await migration.roll_back()

    assert undone.differences == ()
    assert undone.removed == created.created | {"event trigger": 2, "materialized view": 4}
