from typing import Any

import pytest

from sterna_core.errors import Misconfigured, MissingRight, SternaError, TargetConflict
from sterna_core.postgres.identifiers import quote
from support.plan.remedy import remedies
from support.plan.sides import Sides


async def refused(
    sides: Sides, kind: type[SternaError], role: str | None = None, **selection: Any
) -> SternaError:
    with pytest.raises(kind) as caught:
        await sides.plan(target_role=role, **selection)
    return caught.value


async def follow(sides: Sides, error: SternaError) -> list[str]:
    statements = remedies(error)
    assert statements, error.message
    for statement in statements:
        await sides.target.execute(statement)
    return statements


async def able(sides: Sides, options: str = "") -> str:
    """Make a role that may create schemas in the target."""
    role = await sides.role(options)
    database = quote(await sides.target.fetchval("SELECT current_database()"))
    await sides.target.execute(f"""
        GRANT CREATE ON DATABASE {database} TO {role};
        GRANT CREATE, USAGE ON SCHEMA public TO {role};
    """)
    return role


async def test_creating_takes_rights_that_are_named_and_granting_them_is_enough(sides: Sides):
    await sides.source.execute(
        "CREATE SCHEMA shop; CREATE TABLE shop.a (id int); CREATE TABLE b (id int)"
    )
    role = await sides.role()
    error = await refused(sides, MissingRight, role)
    statements = await follow(sides, error)
    assert [statement.split(" ON ")[0] for statement in statements] == [
        "GRANT CREATE",
        "GRANT USAGE, CREATE",
    ]
    assert "the schemas _sterna, shop" in error.message
    assert (await sides.plan(target_role=role)).summary.tables == 2


async def test_temporary_tables_take_a_right_that_is_named(sides: Sides):
    await sides.source.execute("CREATE TABLE a (id int)")
    role = await able(sides)
    database = quote(await sides.target.fetchval("SELECT current_database()"))
    await sides.target.execute(f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")

    statements = await follow(sides, await refused(sides, MissingRight, role))

    assert [statement.split(" ON ")[0] for statement in statements] == ["GRANT TEMPORARY"]
    assert (await sides.plan(target_role=role)).summary.tables == 1


async def test_names_in_use_on_the_target_are_all_told(sides: Sides):
    await sides.source.execute("""
        CREATE TYPE mood AS ENUM ('good'); CREATE TABLE a (id int PRIMARY KEY); CREATE VIEW v AS SELECT 1;
        CREATE SEQUENCE s; CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE TABLE fine (id int); CREATE TABLE b (id int); CREATE INDEX later ON b (id);
    """)
    await sides.target.execute("""
        CREATE TYPE mood AS ENUM ('bad'); CREATE TABLE a (other int); CREATE TABLE v (id int);
        CREATE SEQUENCE s; CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 2';
        CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS 'SELECT 3'; CREATE TABLE later (id int);
    """)
    error = await refused(sides, TargetConflict)
    (problem,) = error.details["problems"]
    assert "already holds 6 objects of the same name" in problem
    for name in (
        "public.mood",
        "public.a",
        "public.v",
        "public.s",
        "public.f(integer)",
        "public.later",
    ):
        assert name in problem
    assert "fine" not in problem
    plan = await sides.plan(schemas=("public",), target_schema="elsewhere")
    assert {table.target_schema for table in plan.tables} == {"elsewhere"}


async def test_thousands_of_names_in_use_are_counted_and_the_first_are_named(sides: Sides):
    for side in (sides.source, sides.target):
        await side.execute("""
            DO $$ BEGIN FOR i IN 1..100 LOOP EXECUTE format('CREATE TABLE t%s (a int)', i); END LOOP; END $$
        """)
    error = await refused(sides, TargetConflict)
    assert "100 objects" in error.message
    assert "and 80 more" in error.message
    assert len(error.message) < 1_000


async def test_excluding_a_table_puts_its_name_out_of_the_way(sides: Sides):
    for side in (sides.source, sides.target):
        await side.execute("CREATE TABLE a (id int PRIMARY KEY)")
    await refused(sides, TargetConflict)
    assert (await sides.plan(exclude_tables=("a",))).summary.tables == 0


async def test_migrating_a_database_into_itself_is_a_conflict(sides: Sides):
    await sides.source.execute("CREATE TABLE a (id int)")
    sides.target_url = sides.source_url
    await refused(sides, TargetConflict)


async def test_renaming_a_schema_takes_createdb(sides: Sides):
    await sides.source.execute("CREATE SCHEMA shop; CREATE TABLE shop.a (id int)")
    role = await able(sides)
    wanted = {"schemas": ("shop",), "target_schema": "store"}
    assert await follow(sides, await refused(sides, MissingRight, role, **wanted)) == [
        f'ALTER ROLE "{role}" CREATEDB'
    ]
    plan = await sides.plan(target_role=role, **wanted)
    assert plan.tables[0].target_schema == "store"


async def test_schemas_that_become_one_have_no_name_in_common(sides: Sides):
    await sides.source.execute(
        "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (id int); CREATE TABLE b.u (id int);"
        "CREATE TABLE a.both (id int); CREATE TYPE b.both AS ENUM ('x')"
    )
    error = await refused(sides, TargetConflict, target_schema="one")
    assert "both of several schemas would be called alike in one" in error.message
    plan = await sides.plan(target_schema="one", exclude_tables=("both",))
    assert {table.table_id: table.target_schema for table in plan.tables} == {
        "a.t": "one",
        "b.u": "one",
    }


async def test_an_extension_that_takes_a_superuser_is_told_and_installing_it_is_enough(
    sides: Sides,
):
    await sides.source.execute("""
        CREATE EXTENSION earthdistance CASCADE; CREATE EXTENSION citext;
        CREATE TABLE places (name citext, at earth);
    """)
    role = await able(sides)
    error = await refused(sides, MissingRight, role)
    assert "citext" not in error.message, "it is trusted: anybody who may create may install it"
    await follow(sides, error)
    plan = await sides.plan(target_role=role)
    evidence = [column.evidence for column in plan.tables[0].columns]
    assert evidence[0].endswith("comes with the extension citext")
    assert evidence[1].endswith("of the extension earthdistance there")


async def test_an_extension_in_another_schema_is_told(sides: Sides):
    await sides.source.execute("CREATE EXTENSION citext; CREATE TABLE t (name citext)")
    await sides.target.execute("CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext")
    error = await refused(sides, Misconfigured)
    assert await follow(sides, error) == ['ALTER EXTENSION "citext" SET SCHEMA "public"']
    await sides.plan()


async def test_an_extension_that_nothing_selected_uses_is_no_hindrance(sides: Sides):
    await sides.source.execute("CREATE EXTENSION pg_buffercache; CREATE TABLE t (a int)")
    assert (await sides.plan(target_role=await able(sides))).summary.tables == 1


async def test_a_read_only_target_is_refused_wherever_that_was_set(sides: Sides):
    role = await able(sides)
    database = quote(await sides.target.fetchval("SELECT current_database()"))
    for where in (f"ROLE {role}", f"DATABASE {database}", f"ROLE {role} IN DATABASE {database}"):
        await sides.target.execute(f"ALTER {where} SET default_transaction_read_only = on")
    error = await refused(sides, Misconfigured, role)
    assert len(await follow(sides, error)) == 3
    await sides.plan(target_role=role)


async def test_bookkeeping_of_others_is_left_alone(sides: Sides):
    await sides.target.execute("CREATE SCHEMA _sterna; COMMENT ON SCHEMA _sterna IS 'mine'")
    error = await refused(sides, TargetConflict)
    assert "schema _sterna that Sterna did not make" in error.message
    await sides.target.execute("COMMENT ON SCHEMA _sterna IS 'Sterna bookkeeping, layout 1'")
    assert "other_migrations" in {risk.type for risk in (await sides.plan()).risks}
    role = await able(sides)
    assert "belongs to a role" in (await refused(sides, MissingRight, role)).message
    await sides.target.execute(f"ALTER SCHEMA _sterna OWNER TO {role}")
    await sides.plan(target_role=role)


async def test_a_function_that_only_a_superuser_can_create_is_told(sides: Sides):
    await sides.source.execute("""
        CREATE FUNCTION plus(int, int) RETURNS int LANGUAGE internal AS 'int4pl';
        CREATE FUNCTION fine() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
    """)
    role = await able(sides)
    error = await refused(sides, MissingRight, role)
    assert "public.plus" in error.message
    assert "public.fine" not in error.message
    assert (await sides.plan()).summary.tables == 0, "a superuser may"


async def test_problems_of_both_sides_are_told_together(sides: Sides):
    await sides.source.execute("CREATE TABLE a (id int); CREATE TABLE taken (id int)")
    await sides.target.execute("CREATE TABLE taken (id int)")
    role = await sides.role()
    with pytest.raises(MissingRight) as caught:
        await sides.plan(source_role=role, target_role=role)
    told = caught.value.details["problems"]
    assert caught.value.details["problem_count"] == len(told) >= 4
    assert any(text.startswith("on the source") for text in told)
    assert any(text.startswith("on the target") for text in told)
    assert any(text.startswith("the target already holds") for text in told)


async def test_nothing_is_written_by_planning(sides: Sides):
    await sides.source.execute("CREATE TABLE a (id int); INSERT INTO a VALUES (1)")
    counts = "SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_namespace)"
    before = [await side.fetchrow(counts) for side in (sides.source, sides.target)]
    await sides.plan()
    assert [await side.fetchrow(counts) for side in (sides.source, sides.target)] == before
