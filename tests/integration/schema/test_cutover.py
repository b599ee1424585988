import pytest
from tests.integration.schema.migration import (
    SchemaMigration,
    dump_text,
    fetch,
    load_everything,
    run_sql,
)

from sterna_core.errors import Fenced
from sterna_executor.databases.postgresql import bookkeeping
from sterna_executor.databases.postgresql.finish_cutover import CutoverFinished

SEQUENCES = """
select schemaname || '.' || sequencename as name, last_value from pg_sequences
where schemaname <> '_sterna' order by 1
"""


async def _whole(migration: SchemaMigration) -> CutoverFinished:
    created = await migration.create()
    await migration.build_all(created.objects)
    return await migration.finish()


async def test_sequences_go_on_where_the_source_stood(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database)

    finished = await _whole(migration)

    assert finished.sequences == len(await fetch(source_database, SEQUENCES))
    assert await fetch(target_database, SEQUENCES) == await fetch(source_database, SEQUENCES)
    given = "select nextval('shop.ticket') as a, nextval('shop.customer_id_seq') as b"
    assert await fetch(target_database, given) == await fetch(source_database, given)


async def test_materialised_views_are_filled_where_the_source_has_filled_them(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database)

    finished = await _whole(migration)

    filled = "select relname, relispopulated from pg_class where relkind = 'm' order by 1"
    assert finished.materialized_views == 3
    assert await fetch(target_database, filled) == await fetch(source_database, filled)


async def test_partitioned_tables_have_statistics(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)

    await _whole(SchemaMigration(source_database, target_database))

    unknown = "select relname from pg_class where relkind = 'p' and reltuples = -1"
    partitioned = "select relname from pg_class where relkind = 'p'"
    assert await fetch(target_database, partitioned) != []
    assert await fetch(target_database, unknown) == []


async def test_nothing_of_the_bookkeeping_is_left(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database)

    await _whole(migration)
    await migration.remove_bookkeeping()

    assert await dump_text(target_database) == await dump_text(source_database)
    async with migration.connected("target") as target:
        assert not await bookkeeping.exists(target)


async def test_a_late_repeat_does_not_set_back_sequences_that_are_in_use(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database)
    await _whole(migration)
    await run_sql(target_database, "select nextval('shop.ticket')")
    before = await fetch(target_database, SEQUENCES)

    again = await migration.finish()

    assert again.sequences == len(before)
    assert await fetch(target_database, SEQUENCES) == before
    await migration.remove_bookkeeping()
    with pytest.raises(Fenced):
        await migration.finish()
    assert await fetch(target_database, SEQUENCES) == before


async def test_statistics_are_gathered(source_database: str, target_database: str) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database)
    created = await migration.create()
    await run_sql(target_database, "insert into shop.hashed select i from generate_series(1, 99) i")
    await migration.build_all(created.objects)

    await migration.finish()

    counted = await fetch(
        target_database,
        "select sum(reltuples)::int as n from pg_class where relname in ('hashed_0', 'hashed_1')",
    )
    assert counted[0]["n"] == 99


async def test_a_finished_cutover_can_still_be_undone(
    source_database: str, target_database: str
) -> None:
    await run_sql(source_database, "create table public.t (a integer)")
    migration = SchemaMigration(source_database, target_database)
    empty = await dump_text(target_database)
    await migration.create()
    await migration.finish()

    await migration.raise_fence()
    undone = await migration.roll_back()

    assert undone.differences == ()
    assert await dump_text(target_database) == empty
