import pytest
from tests.integration.schema.migration import (
    SchemaMigration,
    fetch,
    load_everything,
    run_sql,
)

from sterna_core.errors import Fenced, Terminal
from sterna_executor.databases.postgresql.rollback import RolledBack, roll_back
from sterna_executor.databases.postgresql.truncate import empty_tables

_TWO = """
create table public.orders (id bigserial primary key, t text);
create table public.lines (id bigint primary key, o bigint references public.orders);
"""
_ROWS = "insert into orders (t) values ('a'), ('b'); insert into lines values (1, 1), (2, 2);"


async def _empty(migration: SchemaMigration, *, ledger_required: bool = True) -> RolledBack:
    async with migration.connected("target") as target:
        return await empty_tables(
            target,
            migration_id=migration.migration_id,
            epoch=migration.epoch,
            verify=True,
            ledger_required=ledger_required,
        )


async def _built(source: str, target: str) -> SchemaMigration:
    await run_sql(source, _TWO)
    migration = SchemaMigration(source, target)
    created = await migration.create()
    await run_sql(target, _ROWS)
    await migration.build_all(created.objects)
    await migration.raise_fence()
    return migration


async def test_truncate_empties_what_the_migration_made_and_leaves_it_there(
    source_database: str, target_database: str
) -> None:
    await run_sql(target_database, "create table mine (a int); insert into mine values (1), (2)")
    migration = await _built(source_database, target_database)

    undone = await _empty(migration)

    assert undone == RolledBack(removed={"table emptied": 2}, differences=())
    counts = await fetch(
        target_database,
        "select (select count(*) from orders), (select count(*) from lines),"
        " (select count(*) from mine), to_regnamespace('_sterna') is null",
    )
    assert tuple(counts[0]) == (0, 0, 2, True)
    assert (await _empty(migration)).differences == ()


async def test_truncate_takes_every_kind_of_table(
    source_database: str, target_database: str
) -> None:
    await load_everything(source_database)
    migration = SchemaMigration(source_database, target_database)
    created = await migration.create()
    await migration.build_all(created.objects)
    await migration.raise_fence()

    assert (await _empty(migration)).differences == ()


async def test_truncate_is_refused_where_a_table_of_somebody_else_refers_to_one(
    source_database: str, target_database: str
) -> None:
    migration = await _built(source_database, target_database)
    await run_sql(target_database, "create table theirs (o bigint references orders)")

    with pytest.raises(Terminal) as refused:
        await _empty(migration)

    assert refused.value.code == "rollback_failed"
    assert (await fetch(target_database, "select count(*) from orders"))[0][0] == 2


async def test_truncate_of_an_epoch_that_is_over_writes_nothing(
    source_database: str, target_database: str
) -> None:
    migration = await _built(source_database, target_database)
    migration.epoch -= 1

    with pytest.raises(Fenced):
        await _empty(migration)


@pytest.mark.parametrize("way", ["truncate", "reverse_migration"])
async def test_a_ledger_that_was_lost_is_no_rollback(
    source_database: str, target_database: str, way: str
) -> None:
    migration = await _built(source_database, target_database)
    await run_sql(target_database, "drop schema _sterna cascade")
    await migration.raise_fence()
    undo = empty_tables if way == "truncate" else roll_back

    async with migration.connected("target") as target:
        with pytest.raises(Terminal) as refused:
            await undo(
                target,
                migration_id=migration.migration_id,
                epoch=migration.epoch,
                verify=True,
                ledger_required=True,
            )

    assert refused.value.code == "rollback_failed"


async def test_a_partition_that_somebody_attached_keeps_its_rows(
    source_database: str, target_database: str
) -> None:
    await run_sql(
        source_database,
        "create table p (a int) partition by range (a);"
        "create table p1 partition of p for values from (0) to (10)",
    )
    migration = SchemaMigration(source_database, target_database)
    await migration.create()
    await run_sql(
        target_database,
        "create table theirs partition of p for values from (10) to (20);insert into p values (11)",
    )
    await migration.raise_fence()

    with pytest.raises(Terminal) as refused:
        await _empty(migration)

    assert refused.value.code == "rollback_failed"
    assert (await fetch(target_database, "select count(*) from theirs"))[0][0] == 1
