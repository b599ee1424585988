"""Objects that came after the rows are dropped by themselves, and built again."""

from collections.abc import AsyncIterator, Sequence

import pytest
from tests.integration.schema.migration import (
    SchemaMigration,
    dump_text,
    fetch,
    load_everything,
    login_of,
    run_sql,
)

from sterna_core.errors import Terminal
from sterna_core.migration.reports import PostObject
from sterna_core.tasks.undo_work import DropObjects
from sterna_executor.databases.postgresql.database import Assignment, Database
from sterna_executor.databases.postgresql.drop_objects import ObjectsDropped, drop_objects
from sterna_executor.databases.postgresql.pool import ConnectionPool

WAVES = ("index", "attach", "foreign_key", "behaviour")


@pytest.fixture
async def pool() -> AsyncIterator[ConnectionPool]:
    pool = ConnectionPool(max_connections_per_host=4)
    yield pool
    await pool.close()


async def dropped(
    pool: ConnectionPool,
    migration: SchemaMigration,
    objects: Sequence[PostObject],
    *,
    task_id: str = "tsk_drop",
    unfinish: bool = False,
) -> ObjectsDropped:
    def side(url: str, role: str) -> Database:
        login = login_of(url)
        return Database(
            pool=pool,
            endpoint=login.endpoint,
            password=login.password,
            role=role,
            migration_id=migration.migration_id,
        )

    newest_first = sorted(objects, key=lambda item: -WAVES.index(item.wave))
    return await drop_objects(
        Assignment(
            migration_id=migration.migration_id,
            task_id=task_id,
            epoch=migration.epoch,
            source=side(migration.source_url, "source"),
            target=side(migration.target_url, "target"),
        ),
        DropObjects(object_ids=tuple(item.object_id for item in newest_first), unfinish=unfinish),
    )


async def shape(url: str) -> set[str]:
    """Say what there is, in no order."""
    return {part.partition("\n\n\n--\n-- PostgreSQL")[0] for part in await dump_text(url)}


async def test_every_kind_of_object_is_dropped_and_built_again_and_a_late_attempt_does_nothing(
    source_database: str, target_database: str, pool: ConnectionPool
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database)
    created = await migration.create()
    bare = await shape(target_database)
    await migration.build_all(created.objects)
    await migration.finish()
    whole = await shape(target_database)
    assert whole != bare

    await migration.raise_fence()
    done = await dropped(pool, migration, created.objects, unfinish=True)

    assert await shape(target_database) == bare
    assert done.dropped > 20
    again = await dropped(pool, migration, created.objects, unfinish=True)
    assert (again.dropped, again.others) == (done.dropped, done.others)
    filled = "select count(*) from pg_class where relkind = 'm' and relispopulated"
    assert [tuple(row) for row in await fetch(target_database, filled)] == [(0,)]
    await migration.build_all(created.objects)
    assert await shape(target_database) == whole
    late = await dropped(pool, migration, created.objects, unfinish=True)
    assert (late.dropped, await shape(target_database)) == (done.dropped, whole)
    await migration.raise_fence()
    assert (await migration.roll_back()).differences == ()


PARTED = """
create table public.parted (id int, at int, primary key (id, at)) partition by range (at);
create table public.parted_1 partition of public.parted for values from (0) to (10);
create table public.parted_2 partition of public.parted for values from (10) to (20);
create table public.other (id int primary key);
"""


async def test_indexes_of_a_partitioned_table_go_together_and_those_of_others_stay(
    source_database: str, target_database: str, pool: ConnectionPool
) -> None:
    await run_sql(source_database, PARTED)
    migration = SchemaMigration(source_database, target_database)
    created = await migration.create()
    await migration.build_all(created.objects)
    whole = await shape(target_database)
    one = next(item for item in created.objects if item.table_id == "public.parted_1")

    done = await dropped(pool, migration, [one])

    named = {item.object_id: item for item in created.objects}
    gone = [one, *(named[each] for each in done.others)]
    assert {item.table_id for item in gone} >= {"public.parted_1", "public.parted_2"}
    left = await fetch(
        target_database, "select indexname from pg_indexes where schemaname = 'public'"
    )
    assert [row[0] for row in left] == ["other_pkey"]
    await migration.build_all(created.objects)
    assert await shape(target_database) == whole


async def test_what_others_hung_on_an_object_stops_it_and_is_not_dropped(
    source_database: str, target_database: str, pool: ConnectionPool
) -> None:
    await run_sql(source_database, "create table public.t (a int primary key, b int unique)")
    migration = SchemaMigration(source_database, target_database)
    created = await migration.create()
    await migration.build_all(created.objects)
    await run_sql(target_database, "create table public.theirs (a int references public.t)")
    before = await dump_text(target_database)

    with pytest.raises(Terminal) as failure:
        await dropped(pool, migration, created.objects)

    assert failure.value.code == "rollback_failed"
    assert "t_pkey" in failure.value.message
    assert await dump_text(target_database) == before
