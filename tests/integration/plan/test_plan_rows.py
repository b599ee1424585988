"""Plans for rows that go into tables which the target has already."""

import pytest

from sterna_core.errors import Misconfigured, MissingRight, TargetConflict
from sterna_core.migration.plan import ColumnChoice, ColumnMapping, TablePlan
from sterna_executor.databases.postgresql.plan_migration import Plan
from support.plan.sides import Sides

LEGACY = """
create schema "HR";
create table "HR"."EMPLOYEES" (
    "EMP_ID" int primary key, "EMP_NM" varchar(200) not null, "HIRE_DT" timestamp, "SAL" text,
    "DEPT_NO" numeric(10), "NOTES_XYZ" text);
insert into "HR"."EMPLOYEES"
select i, 'employee ' || i, '2020-01-01'::timestamp + i * interval '1 day', (1000 + i)::text,
    i % 10, 'note'
from generate_series(1, 400) i;
"""
MODERN = """
create table employees (
    employee_id bigint primary key, employee_name varchar(50) not null, hire_date date,
    salary int, department_number int, created_at timestamptz not null default now());
"""


def column(table: TablePlan, name: str) -> ColumnMapping:
    (found,) = [each for each in table.columns if each.source_column == name]
    return found


async def plan(sides: Sides, **selection: object) -> Plan:
    return await sides.plan(mode="data_only", **selection)


async def test_names_of_both_sides_are_matched_and_types_measured(sides: Sides):
    await sides.source.execute(LEGACY)
    await sides.target.execute(MODERN)

    found = await plan(sides, schemas=("HR",), target_schema="public")

    (table,) = found.tables
    assert (table.table_id, table.target_schema, table.target_table) == (
        "HR.EMPLOYEES",
        "public",
        "employees",
    )
    number = column(table, "EMP_ID")
    assert number.target_column == "employee_id"
    assert number.transformation == 'CAST("EMP_ID" AS bigint)'
    assert number.confidence > 0.9
    assert number.status == "approved"
    assert number.guard is None
    assert column(table, "EMP_NM").target_column == "employee_name"
    assert column(table, "DEPT_NO").target_column == "department_number"
    assert column(table, "HIRE_DT").target_column == "hire_date"
    salary = column(table, "SAL")
    assert salary.target_column == "salary"
    assert salary.score is not None
    assert (salary.score.rate, salary.score.rows, salary.score.whole) == (1.0, 400, True)
    assert salary.score.longest == 4
    assert "1.00 of 400 rows arrive as they are" in salary.evidence


async def test_a_column_without_a_counterpart_waits_for_a_person(sides: Sides):
    await sides.source.execute(LEGACY)
    await sides.target.execute(MODERN)

    found = await plan(sides, schemas=("HR",), target_schema="public")

    left = column(found.tables[0], "NOTES_XYZ")
    assert (left.confidence, left.status, left.copied) == (0.0, "pending", False)
    assert not left.target_column
    assert "columns_left_behind" in {risk.type for risk in found.risks}


async def test_columns_go_where_a_person_has_chosen_and_the_others_where_they_went_before(
    sides: Sides,
):
    await sides.source.execute(
        "create table t (id int primary key, a text, b text, c text, d int[], e int);"
        "insert into t values (1, 'x', '7', 'y', '{1}', 3), (2, 'x', 'seven', 'y', '{1}', 3)"
    )
    await sides.target.execute(
        "create table t (id int primary key, b text, far int, taken text, day date,"
        " made int generated always as (id) stored)"
    )

    def choose(source: str, target: str) -> ColumnChoice:
        return ColumnChoice(table_id="public.t", source_column=source, target_column=target)

    choices = (
        *(choose("a", "b"), choose("b", "far"), choose("c", "taken"), choose("id", "id")),
        *(choose("d", "day"), choose("e", "made"), choose("gone", "b")),
    )
    (table,) = (await plan(sides, choices=choices)).tables

    a, b, c = (column(table, name) for name in "abc")
    assert (a.target_column, b.target_column, c.target_column) == ("b", "far", "taken")
    assert "chosen by hand (a is b)" in a.evidence
    assert a.status == "approved"
    # What a person has chosen is measured all the same.
    assert b.score is not None
    assert (b.score.rate, b.score.failing, b.status) == (0.5, ("id=2",), "pending")
    assert b.guard
    for name, why in (("d", "does not become date"), ("e", "no such column, computes it")):
        left = column(table, name)
        assert (left.target_column, left.status, left.copied) == ("", "pending", False)
        assert why in left.evidence

    again = (choose("a", "taken"), choose("c", "taken"), choose("b", ""))
    (table,) = (await plan(sides, choices=again)).tables
    assert column(table, "a").target_column == "taken"
    for name in ("b", "c"):
        assert not column(table, name).copied
    assert "goes nowhere" in column(table, "b").evidence


async def test_a_cast_that_would_cut_values_counts_as_failing_and_names_the_rows(sides: Sides):
    await sides.source.execute(
        "create table t (id int primary key, name varchar(200), price numeric(12,4), seen timestamp);"
        "insert into t select i, case when i = 77 then repeat('x', 51) else 'short' end,"
        " case when i in (5, 6) then 1.2345 else 1.5 end,"
        " case when i = 9 then '2020-01-01 12:00' else '2020-01-01'::timestamp end"
        " from generate_series(1, 200) i"
    )
    await sides.target.execute(
        "create table t (id int primary key, name varchar(50), price numeric(12,2), seen date)"
    )

    (table,) = (await plan(sides)).tables

    name, price, seen = (column(table, each) for each in ("name", "price", "seen"))
    assert name.score is not None
    assert price.score is not None
    assert seen.score is not None
    assert (name.score.rate, name.score.rows) == (0.995, 200)
    assert name.score.failing == ("id=77",)
    assert name.score.longest == 51
    assert name.status == "pending"
    assert price.score.failing == ("id=5", "id=6")
    assert (price.score.lowest, price.score.highest) == ("1.2345", "1.5000")
    assert seen.score.failing == ("id=9",)
    assert "xxx" not in repr(table)


async def test_a_key_that_tells_of_somebody_is_not_shown(sides: Sides):
    await sides.source.execute(
        "create table t (email text primary key, age text);"
        "insert into t values ('ann@example.org', 'eleven')"
    )
    await sides.target.execute("create table t (email text primary key, age int)")

    (table,) = (await plan(sides)).tables

    age = column(table, "age")
    assert age.score is not None
    assert age.score.failing == ("row (0,1)",)
    assert (age.confidence, age.score.rate) == (0.0, 0.0)
    assert "ann@" not in repr(table)


async def test_a_null_that_the_target_does_not_take_counts_as_failing(sides: Sides):
    await sides.source.execute(
        "create table t (id int primary key, name text);"
        "insert into t select i, nullif('n' || i, 'n3') from generate_series(1, 4) i"
    )
    await sides.target.execute("create table t (id int primary key, name text not null)")

    (table,) = (await plan(sides)).tables

    name = column(table, "name")
    assert name.score is not None
    assert (name.score.rate, name.score.failing) == (0.75, ("id=3",))
    assert name.status == "pending"


async def test_a_target_table_that_holds_rows_is_refused_by_name(sides: Sides):
    await sides.source.execute("create table t (id int); create table u (id int)")
    await sides.target.execute(
        "create table t (id int); create table u (id int); insert into u values (1)"
    )
    with pytest.raises(TargetConflict, match=r"public\.u on the target holds rows already"):
        await plan(sides)


async def test_a_table_without_a_counterpart_is_refused_by_name(sides: Sides):
    await sides.source.execute("create table t (id int); create table zebra (id int)")
    await sides.target.execute("create table t (id int)")
    with pytest.raises(Misconfigured, match=r"called like public\.zebra"):
        await plan(sides)


PARTITIONED = """
create table web_sale (id int, at date not null) partition by range (at);
create table web_sale_2025 partition of web_sale for values from ('2025-01-01') to ('2026-01-01');
create table web_sale_2026 partition of web_sale for values from ('2026-01-01') to ('2027-01-01');
"""
PLAIN = "create table web_sale (id int, at date not null);"
OTHER_YEARS = PARTITIONED.replace("2027", "2028").replace("2026", "2027")


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        (PARTITIONED, PLAIN, r"web_sale is partitioned on the source, and public\.web_sale on the"),
        (PLAIN, PARTITIONED, r"web_sale is one table on the source, and public\.web_sale on the"),
        (
            PARTITIONED,
            OTHER_YEARS,
            r"web_sale on the target has no partition called like public\.web_sale_2026:",
        ),
    ],
    ids=["into one table", "from one table", "into another partition"],
)
async def test_a_table_that_only_one_side_has_partitioned_so_is_refused_by_name(
    sides: Sides, source: str, target: str, reason: str
):
    await sides.source.execute(source)
    await sides.target.execute(target)
    with pytest.raises(Misconfigured, match=reason) as refused:
        await plan(sides)
    assert "create them there" not in str(refused.value)


async def test_partitions_go_to_those_of_their_names_and_a_table_alone_to_one_of_its_own(
    sides: Sides,
):
    await sides.source.execute(PARTITIONED + "create table web_log_2025 (id int)")
    await sides.target.execute(
        PARTITIONED
        + """create table web_log (id int) partition by range (id);
        create table web_log_2025 partition of web_log default;"""
    )

    found = await plan(sides)

    assert {table.table_id: table.target_table for table in found.tables} == {
        "public.web_sale_2025": "web_sale_2025",
        "public.web_sale_2026": "web_sale_2026",
        "public.web_log_2025": "web_log_2025",
    }


async def test_a_required_column_that_nothing_goes_to_is_refused_by_name(sides: Sides):
    await sides.source.execute("create table t (id int)")
    await sides.target.execute("create table t (id int, tenant int not null)")
    with pytest.raises(Misconfigured, match=r"public\.t\.tenant of the target take no nulls"):
        await plan(sides)


async def test_a_schema_that_the_target_does_not_have_is_named(sides: Sides):
    await sides.source.execute(LEGACY)
    with pytest.raises(Misconfigured, match="the target has no schema HR"):
        await plan(sides, schemas=("HR",))


LINKED = """
create table parent (id int primary key);
create table child (id int primary key, parent int references parent);
"""


async def test_a_role_that_may_not_quiet_triggers_waits_for_parents(sides: Sides):
    await sides.source.execute(LINKED)
    role = await sides.role()
    await sides.target.execute(f"""
        {LINKED}
        alter table parent owner to {role}; alter table child owner to {role};
        do $$ begin execute 'grant create, temporary on database ' || current_database() || ' to {role}'; end $$;
    """)

    found = await plan(sides, target_role=role)

    waits = {table.table_id: (table.after, table.quiet) for table in found.tables}
    assert waits == {
        "public.parent": ((), False),
        "public.child": (("public.parent",), False),
    }


async def test_the_superuser_writes_linked_tables_quietly_and_says_so(sides: Sides):
    await sides.source.execute(LINKED + "create table apart (id int)")
    await sides.target.execute(LINKED + "create table apart (id int)")

    found = await plan(sides)

    assert {t.source_table: t.quiet for t in found.tables} == {
        "parent": True,
        "child": True,
        "apart": False,
    }
    assert "triggers_at_rest" in {risk.type for risk in found.risks}


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        (
            """create function f() returns trigger language plpgsql as 'begin return new; end';
            create trigger touch before insert on child for each row execute function f();""",
            r"triggers of public\.child on the target would act",
        ),
        ("alter table parent add column c int references child;", "go in a circle"),
        (
            "alter table child add foreign key (id) references parent on delete cascade;",
            "would change rows when a row is mended",
        ),
    ],
)
async def test_what_no_order_of_rows_keeps_right_is_refused_with_the_right_that_is_missing(
    sides: Sides, extra: str, reason: str
):
    await sides.source.execute(LINKED)
    role = await sides.role()
    await sides.target.execute(f"""
        {LINKED} {extra}
        alter table parent owner to {role}; alter table child owner to {role};
        do $$ begin execute 'grant create, temporary on database ' || current_database() || ' to {role}'; end $$;
    """)
    with pytest.raises(MissingRight, match=reason) as refused:
        await plan(sides, target_role=role)
    assert "GRANT SET ON PARAMETER session_replication_role" in str(refused.value)
