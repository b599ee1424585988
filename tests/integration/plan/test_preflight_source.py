from typing import Any

import pytest

from sterna_core.errors import Misconfigured, MissingRight, SternaError
from support.plan.remedy import remedies
from support.plan.sides import Sides


async def refused(
    sides: Sides, kind: type[SternaError], role: str | None = None, **selection: Any
) -> SternaError:
    with pytest.raises(kind) as caught:
        await sides.plan(source_role=role, **selection)
    return caught.value


async def test_missing_rights_are_told_all_at_once_and_granting_them_is_enough(sides: Sides):
    await sides.source.execute("""
        CREATE SCHEMA shop; CREATE SCHEMA "other 'one";
        CREATE TABLE shop.a (id serial); CREATE TABLE shop.b (id int); CREATE TABLE shop."C c" (id int);
        CREATE TABLE "other 'one".d (id int);
        CREATE TABLE shop.split (id int) PARTITION BY LIST (id);
        CREATE TABLE shop.split_1 PARTITION OF shop.split DEFAULT;
    """)
    role = await sides.role()
    await sides.source.execute(
        f"GRANT USAGE ON SCHEMA shop TO {role}; GRANT SELECT ON shop.b TO {role}"
    )
    error = await refused(sides, MissingRight, role)
    told = " ".join(error.details["problems"])
    for name in (
        "shop.a",
        "shop.C c",
        "other 'one.d",
        "shop.split",
        "shop.split_1",
        "shop.a_id_seq",
    ):
        assert name in told
    assert "shop.b" not in told
    assert f"""GRANT USAGE ON SCHEMA "other 'one" TO "{role}\"""" in error.message
    for statement in remedies(error):
        await sides.source.execute(statement)
    plan = await sides.plan(source_role=role)
    assert plan.summary.tables == 5


async def test_where_a_whole_schema_is_closed_one_grant_opens_it(sides: Sides):
    await sides.source.execute("CREATE TABLE a (id int); CREATE TABLE b (id int)")
    role = await sides.role()
    error = await refused(sides, MissingRight, role)
    assert remedies(error) == [f'GRANT SELECT ON ALL TABLES IN SCHEMA "public" TO "{role}"']


async def test_rights_are_asked_only_for_what_is_selected(sides: Sides):
    await sides.source.execute("""
        CREATE SCHEMA open; CREATE TABLE open.a (id int); CREATE TABLE open.secret (id int);
        CREATE SCHEMA closed; CREATE TABLE closed.b (id int);
    """)
    role = await sides.role()
    await sides.source.execute(
        f"GRANT USAGE ON SCHEMA open TO {role}; GRANT SELECT ON open.a TO {role}"
    )
    plan = await sides.plan(source_role=role, schemas=("open",), exclude_tables=("secret",))
    assert [table.table_id for table in plan.tables] == ["open.a"]


async def test_rows_that_a_policy_would_hide_are_refused_and_bypassing_it_is_enough(sides: Sides):
    await sides.source.execute("""
        CREATE TABLE t (id int, owner text); ALTER TABLE t ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON t USING (owner = current_user);
    """)
    role = await sides.role()
    await sides.source.execute(f"GRANT SELECT ON t TO {role}")
    error = await refused(sides, MissingRight, role)
    assert "row level security would hide rows of public.t" in error.message
    for statement in remedies(error):
        await sides.source.execute(statement)
    plan = await sides.plan(source_role=role)
    assert "row_security" in {risk.type for risk in plan.risks}


async def test_a_policy_that_does_not_bind_the_role_is_no_hindrance(sides: Sides):
    await sides.source.execute("CREATE TABLE t (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY")
    role = await sides.role()
    await sides.source.execute(f"ALTER TABLE t OWNER TO {role}")
    assert (await sides.plan(source_role=role)).summary.tables == 1
    await sides.source.execute("ALTER TABLE t FORCE ROW LEVEL SECURITY")
    assert "row level security" in (await refused(sides, MissingRight, role)).message


async def test_too_few_connections_are_told_with_the_limit(sides: Sides):
    role = await sides.role("CONNECTION LIMIT 2")
    error = await refused(sides, Misconfigured, role)
    assert "open 1 more connections and at least 4 are needed" in error.message
    await sides.source.execute(f"ALTER ROLE {role} CONNECTION LIMIT 10")
    await sides.plan(source_role=role)


async def test_a_partition_is_not_parted_from_its_table_by_the_choice_of_schemas(sides: Sides):
    await sides.source.execute("""
        CREATE SCHEMA shop; CREATE SCHEMA parts;
        CREATE TABLE shop.orders (id int) PARTITION BY LIST (id);
        CREATE TABLE parts.orders_1 PARTITION OF shop.orders DEFAULT;
    """)
    for one, missing in (("shop", "parts"), ("parts", "shop")):
        error = await refused(sides, Misconfigured, schemas=(one,))
        assert f"schema {missing} is not selected" in error.message
    assert (await sides.plan(schemas=("shop", "parts"))).summary.tables == 1
    assert (await sides.plan(schemas=("shop",), exclude_tables=("orders",))).summary.tables == 0


async def test_an_heir_is_not_moved_without_its_parent(sides: Sides):
    await sides.source.execute("""
        CREATE TABLE parent (id int); CREATE TABLE heir () INHERITS (parent);
    """)
    error = await refused(sides, Misconfigured, exclude_tables=("parent",))
    assert "public.heir inherits from public.parent" in error.message
    assert (await sides.plan(exclude_tables=("parent", "heir"))).summary.tables == 0
    assert (await sides.plan(exclude_tables=("heir",))).summary.tables == 1


async def test_a_type_of_a_schema_that_is_not_selected_is_told(sides: Sides):
    await sides.source.execute("""
        CREATE SCHEMA shop; CREATE SCHEMA types; CREATE TYPE types.mood AS ENUM ('good');
        CREATE TABLE shop.t (m types.mood);
    """)
    error = await refused(sides, Misconfigured, schemas=("shop",))
    assert "shop.t needs the type types.mood" in error.message
    plan = await sides.plan(schemas=("shop", "types"))
    assert plan.tables[0].columns[0].confidence == 1


async def test_what_only_hangs_on_something_not_selected_is_a_risk(sides: Sides):
    await sides.source.execute("""
        CREATE TABLE customers (id int PRIMARY KEY);
        CREATE TABLE orders (id int, customer int REFERENCES customers);
        CREATE VIEW seen AS SELECT * FROM customers;
    """)
    plan = await sides.plan(exclude_tables=("customers",))
    risks = {risk.type: risk.affected for risk in plan.risks}
    assert risks["constraint_left_out"] == ("public.orders (needs public.customers)",)
    assert risks["view_left_out"] == ("public.seen (needs public.customers)",)


async def test_an_error_names_no_password(sides: Sides):
    await sides.source.execute("CREATE TABLE a (id int)")
    error = await refused(sides, MissingRight, await sides.role())
    assert "few-rights" not in error.message + str(error.details)


async def test_an_extension_in_a_schema_that_is_not_selected_is_no_hindrance(sides: Sides):
    await sides.source.execute("""
        CREATE SCHEMA shop; CREATE EXTENSION citext; CREATE EXTENSION hstore;
        CREATE TABLE shop.t (name citext, names citext[], tags hstore DEFAULT hstore('a', 'b'));
    """)
    plan = await sides.plan(schemas=("shop",))
    assert [column.confidence for column in plan.tables[0].columns] == [1, 1, 1]
    assert not [risk for risk in plan.risks if risk.type.endswith("left_out")]
