import io

import asyncpg
import pytest

from sterna_core.migration.plan import Score, TablePlan
from sterna_core.postgres.identifiers import quote
from sterna_executor.databases.postgresql.confidence_check import ColumnCheck
from sterna_executor.databases.postgresql.encoding import Conversion
from sterna_executor.databases.postgresql.plan_migration import Plan
from sterna_executor.databases.postgresql.sample import Sampler, Sampling
from support.plan.sides import Sides


def table_of(plan: Plan, name: str) -> TablePlan:
    (table,) = [table for table in plan.tables if table.source_table == name]
    return table


def risk_types(plan: Plan) -> set[str]:
    return {risk.type for risk in plan.risks}


async def test_every_column_has_a_mapping_to_itself_with_what_was_measured(sides: Sides):
    await sides.source.execute("""
        CREATE TABLE t (id int PRIMARY KEY, "Odd name" text, twice int GENERATED ALWAYS AS (id * 2) STORED);
        INSERT INTO t SELECT i, CASE WHEN i % 4 = 0 THEN 'x' END FROM generate_series(1, 1000) i;
    """)
    plan = await sides.plan()
    (table,) = plan.tables
    assert (table.table_id, table.key, table.estimated_rows) == ("public.t", ("id",), 1000)
    odd = table.columns[1]
    assert (odd.source_column, odd.target_column) == ("Odd name", "Odd name")
    assert (odd.transformation, odd.source_type, odd.target_type) == ('"Odd name"', "text", "text")
    assert (odd.confidence, odd.status, odd.copied) == (1.0, "approved", True)
    assert odd.evidence == "1.00 of 1,000 rows convertible, 75% null; type known to the target"
    assert odd.score == Score(rate=1.0, rows=1000, nulls=0.75)
    assert not table.columns[2].copied
    assert plan.summary.columns == 3
    assert plan.summary.estimated_records == 1000
    assert len({column.mapping_id for column in table.columns}) == 3


async def test_a_mapping_keeps_its_id_when_the_plan_is_made_again(sides: Sides):
    await sides.source.execute("CREATE TABLE t (a int, b int)")
    first, second = [await sides.plan() for _ in range(2)]
    ids = [column.mapping_id for column in first.tables[0].columns]
    assert [column.mapping_id for column in second.tables[0].columns] == ids


async def test_a_large_table_is_sampled_and_a_small_one_read_whole(sides: Sides):
    await sides.source.execute("""
        CREATE TABLE large (id int) WITH (autovacuum_enabled = off);
        INSERT INTO large SELECT generate_series(1, 200000);
        CREATE TABLE small (id int); INSERT INTO small SELECT generate_series(1, 500);
    """)
    plan = await sides.plan(sampling=Sampling(pages_per_table=50))
    large, small = table_of(plan, "large"), table_of(plan, "small")
    assert "sampled rows" in large.columns[0].evidence
    assert small.columns[0].evidence.startswith("1.00 of 500 rows")
    assert small.estimated_rows == 500
    assert 0.5 < large.estimated_rows / 200_000 < 2, "told from the sample: nothing was analysed"


async def test_a_table_that_is_locked_does_not_keep_the_others_from_being_looked_at(sides: Sides):
    await sides.source.execute("""
        CREATE TABLE a (id int); INSERT INTO a VALUES (1); CREATE TABLE b (id int); INSERT INTO b VALUES (1);
    """)
    inventory = await sides.inventory()
    reader = await sides.enter("source")
    checks = {
        table.oid: (ColumnCheck(column="id", holds=None, text=False),) for table in inventory.tables
    }
    sampler = Sampler(reader, checks, Conversion("UTF8", "UTF8"))
    async with sides.source.transaction():
        await sides.source.execute("LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
        found = await sampler.measure(inventory.tables)
    a, b = inventory.tables
    assert set(found) == {b.oid}
    assert set(await sampler.measure(inventory.tables)) == {a.oid, b.oid}


async def test_where_there_is_no_time_to_look_at_rows_the_evidence_says_so(sides: Sides):
    await sides.source.execute("CREATE TABLE a (id int); INSERT INTO a VALUES (1)")
    plan = await sides.plan(sampling=Sampling(deadline_seconds=-1))
    (column,) = plan.tables[0].columns
    assert column.evidence == "no row was looked at in the time given; type known to the target"
    assert (column.confidence, column.status) == (0.99, "approved")


async def test_chunks_follow_the_bytes_and_the_batch_size(sides: Sides):
    await sides.source.execute("""
        CREATE TABLE t (id int, filler text);
        INSERT INTO t SELECT i, repeat('x', 900) FROM generate_series(1, 8000) i; ANALYZE t;
    """)
    whole, cut = [await sides.plan(batch_rows=rows) for rows in (None, 1000)]
    assert whole.tables[0].chunks == 1
    assert cut.tables[0].chunks == 8
    assert cut.tables[0].pages_per_chunk == 125


EVERY_TYPE = """
    CREATE EXTENSION citext;
    CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE DOMAIN whole AS int CHECK (VALUE > 0);
    CREATE TYPE plain AS (x int, y text); CREATE TYPE mixed AS (x int, m mood);
    CREATE TYPE span AS RANGE (subtype = float8);
    CREATE TABLE b_base (a int, b text[], c jsonb, d numeric(9, 2), e timestamptz, f bytea, g uuid, h money);
    CREATE TABLE b_local (m mood, d whole, p plain, s span, c citext);
    CREATE TABLE t_enums (a mood[]); CREATE TABLE t_domains (a whole[]);
    CREATE TABLE t_rows (a mixed); CREATE TABLE t_many (a plain[]); CREATE TABLE t_exts (a citext[]);
    CREATE TABLE t_class (a regclass); CREATE TABLE t_acl (a aclitem);
    CREATE TABLE b_computed (a int, b text[] GENERATED ALWAYS AS ('{}') STORED);
"""
ROWS = """
    INSERT INTO b_base VALUES (1, '{a,NULL}', '{"é": 1}', 'NaN', 'infinity', '\\x00', gen_random_uuid(), 5);
    INSERT INTO b_local VALUES ('bad', 7, ROW(1, 'é'), span(1, 'infinity'), 'Ab'), (NULL, NULL, NULL, NULL, NULL);
    INSERT INTO t_enums VALUES ('{good,bad}'); INSERT INTO t_domains VALUES ('{1,2}');
    INSERT INTO t_rows VALUES (ROW(1, 'bad')); INSERT INTO t_many VALUES (ARRAY[ROW(1, 'x')::plain]);
    INSERT INTO t_exts VALUES ('{Ab}'); INSERT INTO t_class VALUES ('t_acl');
    INSERT INTO t_acl VALUES (('=r/' || current_user)::aclitem); INSERT INTO b_computed VALUES (1);
"""


async def test_rows_travel_in_binary_where_types_mean_the_same_on_both_sides(sides: Sides):
    await sides.source.execute(EVERY_TYPE + ROWS)
    plan = await sides.plan()
    formats = {table.source_table: table.copy_format for table in plan.tables}
    expected = {name: "text" if name.startswith("t_") else "binary" for name in formats}
    assert formats == expected
    await sides.target.execute("CREATE TYPE shifts_every_address AS ENUM ('x')")
    await sides.target.execute(EVERY_TYPE)
    for table in plan.tables:
        columns = [column.source_column for column in table.columns if column.copied]
        carried = io.BytesIO()
        await sides.source.copy_from_table(
            table.source_table, columns=columns, output=carried, format=table.copy_format
        )
        carried.seek(0)
        await sides.target.copy_to_table(
            table.source_table, columns=columns, source=carried, format=table.copy_format
        )
        content = f"SELECT t::text FROM {table.source_table} t"
        arrived = await sides.target.fetch(content)
        assert arrived == await sides.source.fetch(content), table.table_id
        assert arrived


async def test_types_of_a_renamed_schema_are_renamed_too(sides: Sides):
    await sides.source.execute("""
        CREATE SCHEMA shop; CREATE EXTENSION citext; CREATE TYPE shop."Mood" AS ENUM ('good');
        CREATE TABLE shop.t (a shop."Mood", b shop."Mood"[], c citext, d numeric(5, 2));
        CREATE FUNCTION shop.f() RETURNS int LANGUAGE sql AS 'SELECT count(*)::int FROM shop.t';
    """)
    plan = await sides.plan(schemas=("shop",), target_schema="store")
    types = [column.target_type for column in plan.tables[0].columns]
    assert types == ['"store"."Mood"', '"store"."Mood"[]', "public.citext", "numeric(5,2)"]
    named = {risk.type: risk.affected for risk in plan.risks}
    assert named["schema_name_in_body"] == ("shop.f()",)
    assert "schema_name_in_body" not in risk_types(await sides.plan(schemas=("shop",)))


async def test_what_is_special_is_told_as_a_risk(sides: Sides):
    role = await sides.role()
    await sides.source.execute(f"""
        CREATE TABLE no_key (a json); CREATE UNLOGGED TABLE unlogged (a int PRIMARY KEY);
        CREATE TABLE parent (a int PRIMARY KEY); CREATE TABLE heir () INHERITS (parent);
        CREATE TABLE late (a int PRIMARY KEY DEFERRABLE); ALTER TABLE late ADD CHECK (a > 0) NOT VALID;
        CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER far FOREIGN DATA WRAPPER nowhere;
        CREATE FOREIGN TABLE far (id int) SERVER far;
        CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
        CREATE TRIGGER fires BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION fire();
        CREATE RULE ignore AS ON DELETE TO parent DO INSTEAD NOTHING;
        CREATE MATERIALIZED VIEW kept AS SELECT 1;
        GRANT SELECT ON parent TO {role};
        CREATE PUBLICATION everything;
        CREATE FUNCTION ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER watches ON ddl_command_end EXECUTE FUNCTION ddl();
    """)
    await sides.source.execute("SELECT lo_from_bytea(0, '\\x00')")
    plan = await sides.plan(exclude_tables=("no such*",))
    found = {risk.type: risk for risk in plan.risks}
    assert set(found) >= {
        "no_key",
        "no_hash",
        "unlogged",
        "inheritance",
        "deferrable_key",
        "not_valid",
        "foreign_table",
        "trigger",
        "rule",
        "materialized_view",
        "owners_and_privileges",
        "publication",
        "event_trigger",
        "large_object",
        "pattern_matches_nothing",
        "writes_during_migration",
    }
    assert found["no_key"].affected == ("public.heir", "public.no_key")
    assert found["large_object"].severity == "high"
    assert plan.risks[0].severity == "high", "the worst comes first"
    assert all(risk.mitigation for risk in plan.risks)


async def test_a_plain_pair_of_databases_has_few_risks(sides: Sides):
    await sides.source.execute("CREATE TABLE t (id int PRIMARY KEY)")
    assert risk_types(await sides.plan()) == {"writes_during_migration"}


async def with_encoding(sides: Sides, which: str, encoding: str) -> str:
    url = getattr(sides, f"{which}_url")
    name = url.rpartition("/")[2] + "_encoded"
    await sides.source.execute(
        f"CREATE DATABASE {quote(name)} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'"
    )
    setattr(sides, f"{which}_url", url.rpartition("/")[0] + "/" + name)
    return name


async def drop(sides: Sides, name: str) -> None:
    await sides.stack.aclose()
    await sides.source.execute(f"DROP DATABASE {quote(name)} WITH (FORCE)")


async def test_text_that_the_target_cannot_hold_lowers_the_confidence_of_its_column(sides: Sides):
    name = await with_encoding(sides, "target", "LATIN1")
    try:
        await sides.source.execute("""
            CREATE TABLE t (id int, fits text, fails text, nested jsonb);
            INSERT INTO t SELECT i, 'é', CASE WHEN i <= 25 THEN '€' ELSE 'e' END, '{"a": "é"}'
            FROM generate_series(1, 100) i;
        """)
        plan = await sides.plan()
        columns = {column.source_column: column for column in plan.tables[0].columns}
        assert {name: column.confidence for name, column in columns.items()} == {
            "id": 1,
            "fits": 1,
            "fails": 0.75,
            "nested": 1,
        }
        assert columns["fails"].status == "pending"
        assert "0.7500 of 100 rows" in columns["fails"].evidence
        risks = {risk.type: risk for risk in plan.risks}
        assert risks["encoding"].severity == "high"
        assert risks["values_may_not_fit"].affected == ("public.t.fails",)
        assert "€" not in str(plan), "no row's contents"
    finally:
        await drop(sides, name)


async def test_bytes_of_no_known_encoding_lower_the_confidence_of_their_column(sides: Sides):
    name = await with_encoding(sides, "source", "SQL_ASCII")
    try:
        encoded = await asyncpg.connect(
            sides.source_url, server_settings={"client_encoding": "SQL_ASCII"}
        )
        await encoded.execute("""
            CREATE TABLE t (a text, b text);
            INSERT INTO t SELECT 'fine', convert_from('\\xe9'::bytea, 'SQL_ASCII')
            FROM generate_series(1, 10);
        """)
        await encoded.close()
        plan = await sides.plan()
        assert [column.confidence for column in plan.tables[0].columns] == [1, 0]
        assert {risk.type: risk.severity for risk in plan.risks}["encoding"] == "high"
    finally:
        await drop(sides, name)


@pytest.mark.parametrize("pages", [1, 200])
async def test_no_table_of_a_wide_schema_is_forgotten(sides: Sides, pages: int):
    await sides.source.execute("""
        DO $$ BEGIN FOR i IN 1..120 LOOP
            EXECUTE format('CREATE TABLE t%s (a int, b text)', i);
            EXECUTE format('INSERT INTO t%s SELECT i, %L FROM generate_series(1, 300) i', i, 'x');
        END LOOP; END $$
    """)
    plan = await sides.plan(sampling=Sampling(pages_per_table=pages))
    assert plan.summary.tables == 120
    assert all(column.confidence == 1 for table in plan.tables for column in table.columns)
    assert all("convertible" in table.columns[0].evidence for table in plan.tables)
