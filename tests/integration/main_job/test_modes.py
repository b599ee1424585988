"""The modes of a migration, through the REST interface, on real servers and processes."""

import asyncpg
import pytest
from tests.integration.schema.migration import dump_text

from sterna_cli.stack import Stack
from sterna_core.migration import events as ev
from support.faults import catalog
from support.faults.trial import kill, trial

pytestmark = pytest.mark.xdist_group("main_job")

SECONDS = 60.0
SHOP = """
create schema shop;
create type shop.colour as enum ('red', 'green');
create domain shop.positive as int check (value > 0);
create table shop.maker (id int generated always as identity primary key, name text not null unique);
create table shop.item (
    id bigserial primary key, maker int references shop.maker on delete cascade,
    colour shop.colour default 'red', stock shop.positive, price numeric(12,2) default 1.5,
    doubled numeric generated always as (price * 2) stored, check (price > 0));
create index item_price on shop.item (price desc) where stock > 3;
create table shop.sale (id int, at date not null) partition by range (at);
create table shop.sale_2025 partition of shop.sale for values from ('2025-01-01') to ('2026-01-01');
create index on shop.sale (at);
create view shop.dear as select * from shop.item where price > 100;
create materialized view shop.count as select count(*) from shop.item;
create function shop.touch() returns trigger language plpgsql as 'begin return new; end';
create trigger touch before update on shop.item for each row execute function shop.touch();
alter table shop.item enable row level security;
create policy mine on shop.item using (stock > 0);
insert into shop.maker (name) select 'maker ' || i from generate_series(1, 50) i;
insert into shop.item (maker, stock) select 1 + i % 50, 1 + i from generate_series(1, 500) i;
insert into shop.sale select i, '2025-03-01' from generate_series(1, 10) i;
"""


async def run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def ask(url: str, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


@pytest.fixture(scope="module")
async def shop(stack: Stack) -> str:
    url = await stack.embedded.postgres.create_database("modes_shop")
    await run(url, SHOP)
    return url


async def test_a_schema_only_migration_gives_an_equal_catalog_and_no_rows(
    stack: Stack, shop: str, target: str
) -> None:
    async with trial(stack, shop, target, mode="schema_only", keep_bookkeeping=False) as found:
        await found.start()
        last = await found.over()
        assert isinstance(last, ev.MigrationCompleted), last
        migration = await found.shown("completed")
        plan = await found.sterna.migrations.plan(found.migration_id)

    assert await dump_text(target) == await dump_text(shop)
    for table in ("maker", "item", "sale"):
        assert await ask(target, f"select * from shop.{table}") == []
    (checked,) = found.witness.of(ev.TargetChecked)
    assert checked.checked > 30
    assert not found.witness.of(ev.ChunkCopied)
    assert not found.witness.of(ev.SnapshotExported)
    assert plan.summary is not None
    assert plan.summary.estimated_records == 0
    assert [phase.status for phase in migration.progress.phases] == ["completed"] * 5


async def test_a_schema_only_migration_survives_the_death_of_its_executors(
    stack: Stack, shop: str, target: str
) -> None:
    async with trial(stack, shop, target, mode="schema_only", parallelism=1) as found:
        await found.start()
        await found.witness.until(
            lambda events: any(isinstance(e, ev.ObjectBuilt) for e in events), SECONDS
        )
        for executor in stack.executors:
            kill(executor)
        last = await found.over()
        assert isinstance(last, ev.MigrationCompleted), last

    await run(target, "drop schema _sterna cascade")
    assert await dump_text(target) == await dump_text(shop)


async def test_a_target_that_lost_an_index_is_refused_until_it_is_put_right(
    stack: Stack, shop: str, target: str
) -> None:
    async with trial(stack, shop, target, mode="schema_only", parallelism=1) as found:
        await found.start()
        await found.witness.until(
            lambda events: any(
                isinstance(e, ev.ObjectBuilt) and e.name.endswith("item_price") for e in events
            ),
            SECONDS,
        )
        await run(target, "drop index shop.item_price")
        last = await found.over()
        assert isinstance(last, ev.MigrationFailed), last
        assert last.code == "validation_failed"
        assert "index shop.item.item_price is missing" in last.details["differences"]

        await run(target, "create index item_price on shop.item (price desc) where stock > 3")
        await found.sterna.migrations.resume(found.migration_id)
        await found.shown("completed")


async def test_cancelling_a_schema_only_migration_leaves_the_target_as_it_was(
    stack: Stack, shop: str, target: str
) -> None:
    await catalog.plant(target)
    before = await catalog.describe(target)
    async with trial(stack, shop, target, mode="schema_only", parallelism=1) as found:
        await found.start()
        await found.witness.until(
            lambda events: any(isinstance(e, ev.ObjectBuilt) for e in events), SECONDS
        )
        await found.sterna.migrations.cancel(found.migration_id, reason="test", rollback=True)
        last = await found.over()
        assert isinstance(last, ev.RollbackCompleted), last

    assert await catalog.describe(target) == before
