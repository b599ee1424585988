"""Several schemas of a source that become one, through the REST interface, on real servers."""

import asyncpg
import pytest
from tests.integration.schema.migration import fetch, run_sql

from sterna_cli.stack import Stack
from sterna_core.migration import events as ev
from support.faults.trial import trial

pytestmark = pytest.mark.xdist_group("main_job")

SCHEMAS = """
create schema "HR"; create schema "FINANCE";
create table "HR"."EMPLOYEES" ("EMP_ID" serial primary key, "NAME" text not null);
create table "HR"."AUDIT_LOG" (id int); create table "HR"."TEMP_1" (id int);
create table "FINANCE"."PAID" (
    id bigint generated always as identity primary key,
    who int not null references "HR"."EMPLOYEES", amount numeric(12,2) check (amount > 0));
create index "BY_WHO" on "FINANCE"."PAID" (who);
create view "FINANCE"."SUMS" as select "NAME", sum(amount) as total
    from "HR"."EMPLOYEES" join "FINANCE"."PAID" on who = "EMP_ID" group by 1;
insert into "HR"."EMPLOYEES" ("NAME") select 'name ' || i from generate_series(1, 50) i;
insert into "FINANCE"."PAID" (who, amount) select 1 + i % 50, i from generate_series(1, 500) i;
"""


async def sums(url: str, schema: str) -> list[tuple[str, int]]:
    rows = await fetch(url, f'select "NAME", total from "{schema}"."SUMS" order by 1')
    return [(row["NAME"], row["total"]) for row in rows]


async def test_two_schemas_become_one_with_what_refers_from_one_to_the_other(
    stack: Stack, target: str
) -> None:
    source = await stack.embedded.postgres.create_database("joined_source")
    await run_sql(source, SCHEMAS)
    selected = {"schemas": ["HR", "FINANCE"], "exclude_tables": ["AUDIT_LOG", "TEMP_*"]}
    try:
        async with trial(stack, source, target, source=selected, to={"schema": "public"}) as found:
            await found.start()
            last = await found.over()
            assert isinstance(last, ev.MigrationCompleted), last
        assert found.witness.of(ev.CertificateIssued)
        assert await sums(target, "public") == await sums(source, "FINANCE")
    finally:
        await stack.embedded.postgres.drop_database("joined_source")

    tables = (
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    assert {row["relname"] for row in await fetch(target, tables)} == {"EMPLOYEES", "PAID"}
    await run_sql(target, """insert into "EMPLOYEES" ("NAME") values ('next')""")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await run_sql(target, 'insert into "PAID" (who, amount) values (99, 1)')
