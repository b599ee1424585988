import asyncpg
import pytest

from sterna_cli.demo.shop import Step, create_shop
from support.plan.sides import sides_of

SCALE = 0.005


async def contents(url: str) -> dict[str, tuple[int, str]]:
    connection = await asyncpg.connect(url, server_settings={"timezone": "UTC"})
    try:
        names = await connection.fetch("""
            SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND n.nspname IN ('shop', 'reporting')
        """)
        found = {}
        for (name,) in names:
            row = await connection.fetchrow(
                f"SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {name} t"
            )
            found[name] = tuple(row)
        return found
    finally:
        await connection.close()


async def test_the_same_scale_gives_the_same_rows_every_time(
    source_database: str, target_database: str
):
    steps: list[Step] = []
    await create_shop(source_database, SCALE, steps.append)
    connection = await asyncpg.connect(target_database)
    await create_shop(connection, SCALE)
    await connection.close()
    here, there = await contents(source_database), await contents(target_database)
    assert here == there
    assert all(rows > 0 for rows, _ in here.values()), "no table is empty"
    assert {"products", "orders", "order_lines", "foreign_keys"} <= {step.name for step in steps}


@pytest.fixture
async def shop(source_database: str):
    await create_shop(source_database, SCALE)
    connection = await asyncpg.connect(source_database)
    yield connection
    await connection.close()


async def test_what_was_paid_is_what_was_ordered(shop: asyncpg.Connection):
    paid, ordered = await shop.fetchrow("""
        SELECT (SELECT sum(amount) FROM shop.payments),
          (SELECT sum(l.total) FROM shop.order_lines l JOIN shop.orders o ON o.id = l.order_id
            WHERE o.status NOT IN ('new', 'cancelled'))
    """)
    assert paid == ordered > 0


async def test_the_shop_has_every_kind_of_thing_that_a_migration_has_to_carry(
    source_database: str, target_database: str
):
    await create_shop(source_database, SCALE)
    async with sides_of(source_database, target_database) as sides:
        found = await sides.inventory()
        plan = await sides.plan()
    columns = [column for table in found.tables for column in table.columns]
    types = {column.type for column in columns}
    assert types >= {
        "uuid", "jsonb", "json", "bytea", "text[]", "tsvector", "tstzrange", "point", "inet", "interval",
        "shop.email", "shop.channel[]", "shop.place", "shop.temperature_range", "shop.order_status",
    }  # fmt: skip
    assert {column.identity for column in columns} == {"always", "by default", None}
    assert {column.generated for column in columns} >= {"stored", None}
    assert {made.kind for made in found.user_types} == {"enum", "domain", "composite", "range"}
    assert len([table for table in found.tables if table.parent == ("shop", "orders")]) == 13
    assert [table.id for table in found.with_rows if not table.key] == [
        "shop.audit",
        "shop.customer_notes",
    ]
    references = {(key.table, key.referenced_table) for key in found.foreign_keys}
    assert ("categories", "categories") in references
    assert {("customers", "addresses"), ("addresses", "customers")} <= references
    assert {view.materialized for view in found.views} == {True, False}
    assert {routine.kind for routine in found.routines} == {"function", "procedure", "aggregate"}
    assert {routine.language for routine in found.routines} >= {"sql", "plpgsql"}
    assert found.feature("trigger").count >= 2
    assert found.comments >= 10
    assert {extension.name for extension in found.extensions if extension.used} == {
        "btree_gist",
        "citext",
    }
    assert {table.copy_format for table in plan.tables} == {"binary", "text"}
    assert not [risk for risk in plan.risks if risk.severity in {"high", "critical"}]
    assert all(column.status == "approved" for table in plan.tables for column in table.columns)


async def test_the_triggers_and_functions_of_the_shop_work(shop: asyncpg.Connection):
    order = await shop.fetchval("SELECT min(id) FROM shop.orders WHERE status = 'new'")
    before = await shop.fetchval("SELECT count(*) FROM shop.audit")
    await shop.execute("CALL shop.cancel_order($1)", order)
    assert await shop.fetchval("SELECT count(*) FROM shop.audit") == before + 1
    assert await shop.fetchval("SELECT shop.order_total($1)", order) > 0
    assert " / " in await shop.fetchval("SELECT shop.category_path(max(id)) FROM shop.categories")
    assert await shop.fetchval("SELECT count(*) FROM reporting.best_of_all") == 10
