"""The modes of a migration, through the REST interface, on real servers and processes."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from tests.integration.schema.migration import dump_text

from sterna_cli.stack import Stack
from sterna_core.migration import events as ev
from support.faults import catalog
from support.faults.trial import Trial, kill, trial

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


LEGACY = """
create schema hr;
create table hr."DEPARTMENTS" ("DEPT_NO" int primary key, "DEPT_NM" varchar(200), "BOSS_ID" int);
create table hr."EMPLOYEES" (
    "EMP_ID" int primary key, "EMP_NM" varchar(200) not null, "HIRE_DT" timestamp, "SAL" text,
    "DEPT_NO" numeric(10));
insert into hr."DEPARTMENTS" select i, 'department ' || i, i * 100 from generate_series(1, 20) i;
insert into hr."EMPLOYEES"
select i, 'employee ' || i, '2020-01-01'::timestamp + i % 900 * interval '1 day',
    nullif((1000 + i)::text, '1007'), 1 + i % 20
from generate_series(1, 20000) i;
"""
MODERN = """
create schema staff;
create table staff.department (
    department_number bigint primary key, department_name text, boss_id bigint);
create table staff.employee (
    employee_id bigint generated by default as identity primary key,
    employee_name varchar(50) not null, hire_date date, salary int,
    department_number bigint not null references staff.department,
    moved_at timestamptz not null default now());
alter table staff.department add foreign key (boss_id) references staff.employee;
create index on staff.employee (hire_date);
create table staff.touched (n int);
create function staff.touch() returns trigger language plpgsql
    as 'begin insert into staff.touched values (1); return new; end';
create trigger touch after insert on staff.employee for each row execute function staff.touch();
create table staff.elsewhere (id int); insert into staff.elsewhere values (1);
"""
MOVED = """
select employee_id, employee_name::text, hire_date, salary, department_number
from staff.employee order by 1
"""
SOURCE_ROWS = """
select "EMP_ID"::bigint, "EMP_NM"::text, "HIRE_DT"::date, "SAL"::int, "DEPT_NO"::bigint
from hr."EMPLOYEES" order by 1
"""
SOURCE = {"schemas": ["hr"]}
TARGET = {"schema": "staff"}
ROWS = {"mode": "data_only", "parallelism": 2, "batch_size": 1_000, "auto_approve_above": 0.8}


@pytest.fixture(scope="module")
async def legacy(stack: Stack) -> str:
    url = await stack.embedded.postgres.create_database("modes_legacy")
    await run(url, LEGACY)
    return url


@pytest.fixture
async def modern(target: str) -> str:
    await run(target, MODERN)
    return target


async def copied(found: Trial, chunks: int) -> None:
    await found.witness.until(
        lambda events: sum(isinstance(e, ev.ChunkCopied) for e in events) >= chunks, SECONDS
    )


async def test_rows_go_into_tables_of_other_names_and_types_and_are_equal(
    stack: Stack, legacy: str, modern: str
) -> None:
    before = await dump_text(modern)
    async with trial(stack, legacy, modern, source=SOURCE, to=TARGET, **ROWS) as found:
        await found.start()
        last = await found.over()
        assert isinstance(last, ev.MigrationCompleted), last

    assert await ask(modern, MOVED) == await ask(legacy, SOURCE_ROWS)
    assert await dump_text(modern) == before
    assert await ask(modern, "select count(*) from staff.touched") == [(0,)]
    (checked,) = found.witness.of(ev.TargetChecked)
    assert (checked.mode, checked.checked) == ("data_only", 2)
    await run(
        modern,
        "insert into staff.employee (employee_name, department_number) values ('new', 1)",
    )
    assert await ask(modern, "select max(employee_id) from staff.employee") == [(20_001,)]


async def test_moving_rows_survives_the_death_of_the_executors(
    stack: Stack, legacy: str, modern: str
) -> None:
    async with trial(stack, legacy, modern, source=SOURCE, to=TARGET, **ROWS) as found:
        await found.start()
        await copied(found, 3)
        for executor in stack.executors:
            kill(executor)
        last = await found.over()
        assert isinstance(last, ev.MigrationCompleted), last
        receipts = await found.receipts()

    assert set(receipts.values()) == {1}
    assert await ask(modern, MOVED) == await ask(legacy, SOURCE_ROWS)


async def test_cancelling_deletes_the_rows_that_were_moved_and_no_others(
    stack: Stack, legacy: str, modern: str
) -> None:
    before = await dump_text(modern)
    async with trial(stack, legacy, modern, source=SOURCE, to=TARGET, **ROWS) as found:
        await found.start()
        await copied(found, 3)
        await found.sterna.migrations.cancel(found.migration_id, reason="test", rollback=True)
        last = await found.over()
        assert isinstance(last, ev.RollbackCompleted), last
        assert last.removed["row"] > 1_000

    assert await ask(modern, MOVED) == []
    assert await ask(modern, "select * from staff.department") == []
    assert await ask(modern, "select id from staff.elsewhere") == [(1,)]
    assert await dump_text(modern) == before
    await run(
        modern,
        "insert into staff.department values (1)",
        "insert into staff.employee (employee_name, department_number) values ('first', 1)",
    )
    assert await ask(modern, "select employee_id from staff.employee") == [(1,)]


async def test_rows_of_others_stay_when_a_cancelled_migration_is_rolled_back(
    stack: Stack, legacy: str, modern: str
) -> None:
    async with trial(stack, legacy, modern, source=SOURCE, to=TARGET, **ROWS) as found:
        await found.start()
        await copied(found, 3)
        await run(modern, "insert into staff.department values (999, 'theirs')")
        await found.sterna.migrations.cancel(found.migration_id, reason="test", rollback=True)
        last = await found.over()
        assert isinstance(last, ev.RollbackFailed), last
        assert "had 0 rows and has 1" in str(last.details["differences"])

    assert await ask(modern, "select department_number from staff.department") == [(999,)]
    assert await ask(modern, MOVED) == []


async def test_a_foreign_key_that_the_moved_rows_break_fails_the_validation(
    stack: Stack, legacy: str, modern: str
) -> None:
    broken = await stack.embedded.postgres.create_database("modes_broken")
    await run(broken, LEGACY, 'delete from hr."DEPARTMENTS" where "DEPT_NO" = 7')
    async with trial(stack, broken, modern, source=SOURCE, to=TARGET, **ROWS) as found:
        await found.start()
        last = await found.over()
        assert isinstance(last, ev.MigrationFailed), last
        assert last.code == "validation_failed"
        assert "1,000 rows refer to nothing" in str(last.details["differences"])


async def test_a_value_that_would_be_cut_is_set_aside_even_where_nobody_saw_it(
    stack: Stack, modern: str
) -> None:
    late = await stack.embedded.postgres.create_database("modes_late")
    await run(late, LEGACY)
    async with trial(stack, late, modern, source=SOURCE, to=TARGET, **ROWS) as found:
        await found.shown("approved")
        await run(
            late,
            """update hr."EMPLOYEES" set "EMP_NM" = repeat('x', 60) where "EMP_ID" = 5""",
        )
        await found.start()
        await found.witness.until(
            lambda events: any(isinstance(e, ev.MigrationPaused) for e in events), SECONDS
        )
        assert "xxx" not in str(found.witness.events)
        assert await ask(modern, "select count(*) from staff.employee") == [(19_999,)]
        assert await ask(modern, "select 1 from staff.employee where employee_id = 5") == []

        # Rows that came under a savepoint carry other numbers, and are deleted all the same.
        await found.sterna.migrations.cancel(found.migration_id, reason="test", rollback=True)
        last = await found.over()
        assert isinstance(last, ev.RollbackCompleted), last
        assert last.removed["row"] == 19_999 + 20


LINKED = """
create table parent (id int primary key, label text);
create table child (id int primary key, parent int not null references parent);
"""
FILLED = """
insert into parent select i, 'p' || i from generate_series(1, 3000) i;
insert into child select i, 1 + i % 3000 from generate_series(1, 30000) i;
"""
LINKED_ROWS = "select (select md5(string_agg(c::text, ',' order by id)) from child c), (select md5(string_agg(p::text, ',' order by id)) from parent p)"


@pytest.fixture
async def few_rights(target: str) -> AsyncIterator[str]:
    """A target entered by a role that owns its tables and may not quiet them."""
    role, password = f"mover_{uuid4().hex[:8]}", "few-rights"
    parts = urlsplit(target)
    database = parts.path.removeprefix("/")
    await run(
        target,
        LINKED,
        f"create role {role} login password '{password}'",
        f"grant create, temporary on database {database} to {role}",
        f"alter table parent owner to {role}; alter table child owner to {role}",
    )
    host = parts.netloc.rpartition("@")[2]
    yield urlunsplit(parts._replace(netloc=f"{role}:{password}@{host}"))
    await run(target, f"drop owned by {role}", f"drop role {role}")


async def test_rows_that_others_refer_to_come_first_where_foreign_keys_stay_on(
    stack: Stack, few_rights: str
) -> None:
    linked = await stack.embedded.postgres.create_database(f"linked_{uuid4().hex[:8]}")
    await run(linked, LINKED, FILLED)
    async with trial(stack, linked, few_rights, mode="data_only", batch_size=2_000) as found:
        await found.start()
        await copied(found, 4)
        for executor in stack.executors:
            kill(executor)
        last = await found.over()
        assert isinstance(last, ev.MigrationCompleted), last

    order = [event.table_id for event in found.witness.of(ev.ChunkCopied)]
    assert order == sorted(order, reverse=True), "every parent before any child"
    assert await ask(few_rights, LINKED_ROWS) == await ask(linked, LINKED_ROWS)


async def test_cancelling_where_foreign_keys_stay_on_deletes_children_first(
    stack: Stack, few_rights: str
) -> None:
    linked = await stack.embedded.postgres.create_database(f"linked_{uuid4().hex[:8]}")
    await run(linked, LINKED, FILLED)
    async with trial(stack, linked, few_rights, mode="data_only", batch_size=2_000) as found:
        await found.start()
        await copied(found, 5)
        await found.sterna.migrations.cancel(found.migration_id, reason="test", rollback=True)
        last = await found.over()
        assert isinstance(last, ev.RollbackCompleted), last

    assert await ask(few_rights, "select 1 from parent union all select 1 from child") == []


async def test_a_snapshot_that_is_lost_while_rows_move_costs_no_row(
    stack: Stack, legacy: str, modern: str
) -> None:
    async with trial(stack, legacy, modern, source=SOURCE, to=TARGET, **ROWS) as found:
        await found.start()
        await copied(found, 3)
        kill(found.holder())
        last = await found.over()
        assert isinstance(last, ev.MigrationCompleted), last
        assert len(found.witness.of(ev.SnapshotExported)) >= 2

    assert await ask(modern, MOVED) == await ask(legacy, SOURCE_ROWS)
