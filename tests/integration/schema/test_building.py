import pytest
from tests.integration.schema.migration import SchemaMigration, fetch, run_sql

from sterna_core.errors import Transient
from sterna_executor.databases.postgresql.build_object import build_object


async def test_an_index_is_built_with_the_memory_and_the_helpers_that_were_allowed(
    source_database: str, target_database: str
) -> None:
    await run_sql(
        source_database,
        """
        create table public.told (memory text, helpers text);
        create function public.tell() returns void language sql volatile as $$
            insert into public.told values (
                current_setting('maintenance_work_mem'),
                current_setting('max_parallel_maintenance_workers')
            );
        $$;
        create function public.telling(integer) returns integer language plpgsql immutable as $$
        begin perform public.tell(); return $1; end $$;
        create table public.t (a integer);
        create index telling on public.t (public.telling(a));
        """,
    )
    migration = SchemaMigration(source_database, target_database)
    created = await migration.create()
    await run_sql(target_database, "insert into public.t values (1)")

    async with migration.connected("target") as target:
        for item in created.objects:
            await build_object(
                target,
                migration_id=migration.migration_id,
                epoch=migration.epoch,
                object_id=item.object_id,
                maintenance_bytes=96 * 1024 * 1024,
                parallel_workers=0,
            )

    told = await fetch(target_database, "select distinct memory, helpers from public.told")
    assert [tuple(row) for row in told] == [("96MB", "0")]


async def test_a_session_keeps_none_of_what_a_build_sets(
    source_database: str, target_database: str
) -> None:
    await run_sql(source_database, "create table public.t (a integer primary key)")
    migration = SchemaMigration(source_database, target_database)
    created = await migration.create()

    async with migration.connected("target") as target:
        asked = "select string_agg(name || setting, ',' order by name) from pg_settings"
        before = await target.fetchval(asked)
        await build_object(
            target,
            migration_id=migration.migration_id,
            epoch=migration.epoch,
            object_id=created.objects[0].object_id,
        )
        assert await target.fetchval(asked) == before


async def test_a_key_is_built_while_another_index_of_the_table_is(
    source_database: str, target_database: str
) -> None:
    await run_sql(source_database, "create table public.t (a integer primary key)")
    migration = SchemaMigration(source_database, target_database)
    created = await migration.create()

    async with migration.connected("target") as other, migration.connected("target") as target:
        async with other.transaction():
            await other.execute("create index slow on public.t (a)")  # holds its lock until the end
            await target.execute("set lock_timeout = '200ms'")
            with pytest.raises(Transient) as failure:
                await build_object(
                    target,
                    migration_id=migration.migration_id,
                    epoch=migration.epoch,
                    object_id=created.objects[0].object_id,
                )
        there = await fetch(target_database, "select from pg_indexes where indexname = 't_pkey'")

    assert failure.value.code == "contention"
    assert len(there) == 1
    await migration.build_all(created.objects)
    constraint = "select contype::text from pg_constraint where conname = 't_pkey'"
    assert await fetch(target_database, constraint) == [("p",)]
