import pytest
from tests.integration.schema.migration import (
    SchemaMigration,
    dump_text,
    fetch,
    load_everything,
    run_sql,
)

from sterna_core.errors import InvalidRequest, TargetConflict, Terminal
from sterna_executor.databases.postgresql.create_schema import SchemaCreated
from sterna_executor.databases.postgresql.scratch import scratch_name


async def _migrate(migration: SchemaMigration) -> SchemaCreated:
    created = await migration.create()
    await migration.build_all(created.objects)
    return created


async def test_what_hangs_on_an_excluded_table_is_left_out_with_it(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database, exclude_tables=("shop.customer",))

    created = await _migrate(migration)

    await run_sql(
        source_database,
        "set client_min_messages = error; drop table shop.customer cascade",
    )
    assert await dump_text(target_database) == await dump_text(source_database)
    assert "view shop.happier" in created.skipped
    assert "fk constraint shop.event event_customer_fkey" in created.skipped


async def test_an_excluded_partitioned_table_is_left_out_with_its_partitions(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database, exclude_tables=("event", "hous?"))

    await _migrate(migration)

    await run_sql(
        source_database,
        "set client_min_messages = error; drop table shop.event, shop.house cascade",
    )
    assert await dump_text(target_database) == await dump_text(source_database)


async def test_an_excluded_partition_leaves_the_others(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(
        source_database, target_database, exclude_tables=("event_us", "hashed_1")
    )

    await _migrate(migration)

    left = await fetch(
        target_database, "select relid::text from pg_partition_tree('shop.event') order by 1"
    )
    assert [row["relid"] for row in left] == [
        "shop.event",
        "shop.event_eu",
        "shop.event_eu_2025",
        "shop.event_eu_rest",
        "shop.event_rest",
    ]
    invalid = await fetch(target_database, "select from pg_index where not indisvalid")
    assert len(invalid) == 1  # event_parent_only is so on the source


async def test_names_that_hurt_can_be_excluded_and_selected(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)
    await run_sql(
        source_database,
        """create schema "sp ""ace$ *?|.
line"; create table "sp ""ace$ *?|.
line"."t *.a" (a integer primary key)""",
    )
    migration = SchemaMigration(
        source_database,
        target_database,
        schemas=('We"ird Näme', 'sp "ace$ *?|.\nline'),
        exclude_tables=("*line table", "T? ble; drop*"),
    )

    created = await _migrate(migration)

    assert created.created == {"schema": 2, "table": 1}
    there = await fetch(target_database, "select relname from pg_class where relname = 't *.a'")
    assert len(there) == 1


async def test_one_schema_of_several_comes_with_what_it_uses(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database, schemas=("shop",))

    await _migrate(migration)

    only = ("--schema=shop",)
    assert await dump_text(target_database, *only) == await dump_text(source_database, *only)
    extensions = await fetch(target_database, "select extname from pg_extension order by 1")
    assert [row["extname"] for row in extensions] == ["btree_gist", "citext", "hstore", "plpgsql"]


async def test_what_refers_to_an_unselected_schema_is_left_out(
    source_database: str, target_database: str
) -> None:
    await run_sql(
        source_database,
        """
        create schema a; create schema b;
        create table b.parent (id integer primary key);
        create table a.child (id integer primary key references b.parent (id));
        create view a.seen as select * from b.parent;
        create view a.own as select * from a.child;
        """,
    )
    migration = SchemaMigration(source_database, target_database, schemas=("a",))

    created = await _migrate(migration)

    assert set(created.skipped) == {"view a.seen", "fk constraint a.child child_id_fkey"}
    assert created.created == {"schema": 1, "table": 1, "view": 1}


async def test_a_table_that_needs_an_unselected_type_is_refused(
    source_database: str, target_database: str
) -> None:
    await run_sql(
        source_database,
        """
        create schema a; create schema b;
        create type b.colour as enum ('red');
        create table a.painted (c b.colour);
        """,
    )
    migration = SchemaMigration(source_database, target_database, schemas=("a",))

    with pytest.raises(InvalidRequest) as failure:
        await migration.create()

    assert failure.value.code == "selection_incomplete"
    assert failure.value.details["tables"] == ["a.painted"]


@pytest.mark.parametrize(
    ("old", "new"),
    [("shop", "market"), ("shop", "public"), ("shop", "shop"), ("shop", 'Hostile "; name')],
)
async def test_a_schema_gets_another_name(
    source_database: str, target_database: str, old: str, new: str
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database, schemas=(old,), target_schema=new)

    created = await _migrate(migration)
    await migration.finish()

    if new == "public":
        await run_sql(source_database, "create schema shelter")
        await run_sql(source_database, "alter extension hstore set schema shelter")
        await run_sql(source_database, "alter extension btree_gist set schema shelter")
        await run_sql(source_database, "drop schema public")
    if new != old:
        await run_sql(source_database, "alter extension citext set schema pg_catalog")
        quoted = '"' + new.replace('"', '""') + '"'
        await run_sql(source_database, f"alter schema {old} rename to {quoted}")
        await run_sql(source_database, f"create schema {old}")
        await run_sql(source_database, f"alter extension citext set schema {old}")
    if new == "public":
        await run_sql(source_database, "alter extension hstore set schema public")
        await run_sql(source_database, "alter extension btree_gist set schema public")
    pattern = f'--schema="{new.replace(chr(34), chr(34) * 2)}"'
    # What a schema that was there is said to be is not ours to change.
    told = "COMMENT ON SCHEMA public IS"
    assert [t for t in await dump_text(target_database, pattern) if not t.startswith(told)] == [
        t for t in await dump_text(source_database, pattern) if not t.startswith(told)
    ]
    assert {item.table_id.split(".")[0] for item in created.objects if item.table_id} == {old}
    scratch = scratch_name(migration.migration_id)
    assert await fetch(target_database, "select from pg_database where datname = $1", scratch) == []


async def test_the_public_schema_gets_another_name_and_its_extensions_stay(
    source_database: str, target_database: str
) -> None:
    await run_sql(
        source_database,
        """
        create extension hstore; create extension citext;
        create table public.t (id serial primary key, h hstore, c citext);
        create view public.v as select h -> 'a' as a, id from public.t;
        comment on schema public is 'ours';
        """,
    )
    migration = SchemaMigration(
        source_database, target_database, schemas=("public",), target_schema="app"
    )

    await _migrate(migration)

    there = await fetch(
        target_database,
        "select pg_get_viewdef('app.v') as v, pg_get_serial_sequence('app.t', 'id') as s",
    )
    assert there[0]["s"] == "app.t_id_seq"
    assert "FROM app.t" in there[0]["v"]
    homes = await fetch(
        target_database, "select extnamespace::regnamespace::text from pg_extension"
    )
    assert {row[0] for row in homes} == {"public", "pg_catalog"}


ANNEX = """
create schema annex;
create type annex.stretch as range (subtype = int8);
create type annex.humour as enum ('calm');
create type annex.pair as (a int, b annex.humour);
create domain annex.few as int check (value < 10);
create function annex.twice(int) returns int language sql immutable return $1 * 2;
create aggregate annex.total(int) (sfunc = int4pl, stype = int, initcond = '0');
create operator annex.<+> (function = int4pl, leftarg = int, rightarg = int);
create collation annex.plain (provider = libc, locale = 'C');
create text search configuration annex.words (copy = pg_catalog.simple);
create sequence annex.tickets;
create table annex.visit (
    id serial primary key, other bigint generated always as identity, n annex.few,
    twice int generated always as (annex.twice(id)) stored, p annex.pair, s annex.stretch,
    ticket bigint default nextval('annex.tickets'), words text collate annex.plain,
    exclude using gist (s with &&));
create statistics annex.linked on id, n from annex.visit;
create index visit_words on annex.visit (words);
create view annex.visits as select id, annex.twice(id) as doubled from annex.visit;
create table annex.log (at date not null) partition by range (at);
create table annex.log_now partition of annex.log default;
"""
IN_ANNEX = {
    "table": ("visit", "log", "log_now"),
    "view": ("visits",),
    "sequence": ("tickets",),
    "type": ("stretch", "stretch_multirange", "humour", "pair"),
    "domain": ("few",),
    "routine": ("twice(int)", "total(int)"),
    "operator": ("<+> (int, int)",),
    "collation": ("plain",),
    "text search configuration": ("words",),
    "statistics": ("linked",),
}


@pytest.mark.parametrize(("olds", "new"), [(("shop", "annex"), "market"), (("annex",), "shop")])
async def test_several_schemas_become_one(
    source_database: str, target_database: str, olds: tuple[str, ...], new: str
) -> None:
    await load_everything(source_database)
    await run_sql(source_database, ANNEX)
    migration = SchemaMigration(
        source_database, target_database, schemas=("annex", "shop"), target_schema=new
    )

    created = await _migrate(migration)
    await migration.finish()

    for kind, names in IN_ANNEX.items():
        for name in names:
            await run_sql(source_database, f"alter {kind} annex.{name} set schema shop")
    if "shop" in olds:
        await run_sql(source_database, "alter extension citext set schema pg_catalog")
        await run_sql(source_database, f"alter schema shop rename to {new}")
        await run_sql(source_database, "create schema shop")
        await run_sql(source_database, "alter extension citext set schema shop")
    told = (f"COMMENT ON SCHEMA {new} IS", f"CREATE SCHEMA {new}")
    sides = [
        [text for text in await dump_text(url, f"--schema={new}") if not text.startswith(told)]
        for url in (target_database, source_database)
    ]
    assert sides[0] == sides[1]
    homes = {item.table_id.split(".")[0] for item in created.objects if item.table_id}
    assert homes == {"annex", "shop"}


async def test_a_table_of_that_name_on_the_target_is_named_and_nothing_is_made(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)
    await run_sql(
        target_database,
        "create schema shop; create table shop.customer (a integer); create table shop.mood ()",
    )
    before = await dump_text(target_database)
    migration = SchemaMigration(source_database, target_database)

    with pytest.raises(TargetConflict) as failure:
        await migration.create()

    assert failure.value.details["objects"] == ["shop.customer", "shop.mood"]
    assert "shop.customer" in failure.value.message
    assert await dump_text(target_database) == before
    assert await fetch(target_database, "select from pg_namespace where nspname = '_sterna'") == []


async def test_a_function_of_that_name_on_the_target_is_named(
    source_database: str, target_database: str
) -> None:
    make = "create function public.f(a integer) returns integer language sql as 'select 1'"
    await run_sql(source_database, make)
    await run_sql(target_database, make)
    migration = SchemaMigration(source_database, target_database)

    with pytest.raises(TargetConflict) as failure:
        await migration.create()

    assert "function public.f(integer)" in failure.value.message


async def test_a_source_that_changed_since_the_plan_is_refused(
    source_database: str, target_database: str
) -> None:
    await run_sql(source_database, "create table public.t (a integer)")
    migration = SchemaMigration(source_database, target_database)

    with pytest.raises(Terminal) as failure:
        await migration.create(structure_digest="0" * 64)

    assert failure.value.code == "structure_changed"


async def test_a_needed_extension_that_is_elsewhere_on_the_target_is_named(
    source_database: str, target_database: str
) -> None:
    await run_sql(source_database, "create extension hstore; create table public.t (h hstore)")
    await run_sql(target_database, "create schema x; create extension hstore with schema x")
    migration = SchemaMigration(source_database, target_database)

    with pytest.raises(Terminal) as failure:
        await migration.create()

    assert failure.value.code == "extension_elsewhere"


async def test_what_a_schema_that_was_there_is_said_to_be_stays(
    source_database: str, target_database: str
) -> None:
    await run_sql(
        source_database, "comment on schema public is 'of the source'; create table public.t ()"
    )
    migration = SchemaMigration(source_database, target_database)
    before = await dump_text(target_database)

    await migration.create()
    await migration.raise_fence()
    undone = await migration.roll_back()

    assert undone.differences == ()
    assert await dump_text(target_database) == before


async def test_an_extension_that_the_target_has_is_left_as_it_is(
    source_database: str, target_database: str
) -> None:
    await run_sql(source_database, "create extension hstore; create table public.t (h hstore)")
    await run_sql(target_database, "create extension hstore; comment on extension hstore is 'x'")
    migration = SchemaMigration(source_database, target_database)
    before = await dump_text(target_database)

    created = await migration.create()
    await migration.raise_fence()
    undone = await migration.roll_back()

    assert created.created == {"table": 1}
    assert undone.differences == ()
    assert await dump_text(target_database) == before
