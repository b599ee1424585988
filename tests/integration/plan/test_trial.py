"""Expressions of people are tried on the source, and do nothing else there."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from tests.support.expression.hostile import HOSTILE
from tests.support.expression.useful import COLUMNS, TABLE, USEFUL
from tests.support.transfer.moving import Moving

from sterna_core.expression.vetting import Vetted
from sterna_core.tasks.work import TryTransformation
from sterna_executor.databases.postgresql import trial, watchdog
from sterna_executor.databases.postgresql.trial import Tried, try_transformation

_FINGERPRINT = """
select
  (select pg_catalog.md5(string_agg(v::text, '|' order by id)) from victim v) as rows,
  (select string_agg(relname, ',' order by relname) from pg_class
    where relnamespace = 'public'::regnamespace) as relations,
  (select last_value from victim_secret_sequence_seq) as sequence,
  (select count(*) from pg_largeobject_metadata) as large_objects,
  (select count(*) from pg_locks where locktype = 'advisory' and database = (
    select oid from pg_database where datname = current_database())) as locks
"""


class Source:
    """The source, entered as the administrator and as executors do."""

    def __init__(self, moving: Moving, connection: asyncpg.Connection) -> None:
        self.moving = moving
        self.connection = connection

    async def attempt(self, expression: str, target: str = "text", **given: Any) -> Tried:
        work: dict[str, Any] = {
            "source_schema": "public",
            "source_table": "victim",
            "mapping_id": "map_1",
            "column": "name",
            "columns": COLUMNS,
            "source_type": "text",
            "target_type": target,
            "expression": expression,
        }
        return await try_transformation(self.moving.source, TryTransformation(**{**work, **given}))

    async def fingerprint(self) -> tuple[Any, ...]:
        return tuple(await self.connection.fetchrow(_FINGERPRINT))


@pytest.fixture
async def source(source_database: str, target_database: str) -> AsyncIterator[Source]:
    connection = await asyncpg.connect(source_database)
    try:
        await connection.execute(TABLE)
        await connection.execute("analyze victim")
        moving = Moving(source_database, target_database)
        yield Source(moving, connection)
        await moving.pool.close()
    finally:
        await connection.close()


async def test_no_hostile_expression_is_accepted_and_the_source_stays_as_it_is(source: Source):
    before = await source.fingerprint()
    for expression in HOSTILE:
        tried = await source.attempt(expression)
        assert tried.code == "expression_refused", expression
        assert tried.rows == 0
    assert await source.fingerprint() == before


async def test_what_gets_past_the_parser_meets_a_session_that_cannot_write(
    source: Source, monkeypatch: pytest.MonkeyPatch
):
    def let_pass(text: str, **_: object) -> Vetted:
        return Vetted(text, frozenset())

    monkeypatch.setattr(trial, "vet_expression", let_pass)
    monkeypatch.setattr(watchdog, "WATCHDOG_SECONDS", 2.0)
    before = await source.fingerprint()
    for expression in (
        "1; drop table victim",
        "1) from only victim; delete from victim; select (1",
        "nextval('victim_secret_sequence_seq')",
        "setval('victim_secret_sequence_seq', 99)",
        "lo_creat(-1)",
        "(with gone as (delete from victim returning id) select count(*) from gone)",
        "set_config('statement_timeout', '0', false) || pg_sleep(30)::text",
        "pg_advisory_lock(4711)::text",
    ):
        await source.attempt(expression)
    assert await source.fingerprint() == before
    async with source.moving.source.session() as next_borrower:
        assert await next_borrower.fetchval("show statement_timeout") == "0"
        assert await next_borrower.fetchval("show default_transaction_read_only") == "on"


async def test_useful_expressions_are_accepted_for_the_type_they_give(source: Source):
    for expression in USEFUL:
        given = await source.connection.fetchval(
            f"select pg_typeof(({expression}))::text from only victim limit 1"
        )
        given = "text" if given == "unknown" else given
        tried = await source.attempt(expression, given)
        assert tried.code is None, (expression, tried.reason)
        assert (tried.rows, tried.failed, tried.whole) == (51, 0, True)
        assert tried.expression == expression


async def test_a_result_is_cast_to_the_type_of_the_target(source: Source):
    tried = await source.attempt("id % 7", "integer")
    assert tried.code is None
    assert tried.expression == 'CAST((id % 7) AS pg_catalog."int4")'
    again = await source.attempt(tried.expression, "integer")
    assert again.expression == tried.expression


@pytest.mark.parametrize(
    ("expression", "target", "failed", "said"),
    [
        ("name", "integer", 50, "no value of the type"),
        ("id * 1000", "smallint", 19, "out of range"),
        ("price / (id - 3)", "numeric", 1, "division by zero"),
        ("name || name", "character varying(12)", 41, "too long"),
        ("price * 1000", "numeric(6,2)", 43, "out of range"),
        ("email", "date", 50, "no date or time"),
    ],
)
async def test_values_that_the_target_does_not_take_are_counted(
    source: Source, expression: str, target: str, failed: int, said: str
):
    tried = await source.attempt(expression, target)
    assert tried.code == "values_do_not_fit"
    assert tried.failed == failed
    assert tried.rows == 51
    assert said in tried.reason
    assert "Name" not in tried.reason


async def test_a_null_is_refused_where_the_column_takes_none(source: Source):
    tried = await source.attempt("nullif(id, 7)", "bigint", column="id", source_type="bigint")
    assert tried.code == "values_do_not_fit"
    assert tried.failed == 1


@pytest.mark.parametrize(
    ("expression", "target"),
    [
        ("doc", "integer[]"),
        ("upper(id)", "text"),
        ("id || born || made - 1", "text"),
        ("flag + 1", "integer"),
        ("made", "uuid"),
    ],
)
async def test_types_that_do_not_fit_together_are_refused_before_any_row(
    source: Source, expression: str, target: str
):
    tried = await source.attempt(expression, target)
    assert tried.code == "expression_refused"
    assert tried.rows == 0


async def test_a_large_result_is_refused(source: Source):
    wide = "'" + "x" * 4_000 + "'"
    # Each of the two multiplies by four thousand.
    tried = await source.attempt(f"replace(replace('abcd', 'a', {wide}), 'x', {wide})")
    assert tried.code == "result_too_large"


async def test_a_slow_expression_is_stopped(source: Source, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trial, "STATEMENT_SECONDS", 0.2)
    await source.connection.execute(
        "update victim set email = repeat('a', 30) || '!', name = repeat('a', 20000)"
    )
    tried = await source.attempt(
        "regexp_replace(name, '((a+)(a+)\\2)+b\\1', '') || regexp_replace(email, '(a*)*\\1b', '')"
    )
    assert tried.code in {None, "expression_too_slow"}


async def test_an_expression_that_does_not_come_back_is_ended_from_a_second_session(
    source: Source, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(trial, "vet_expression", lambda text, **_: Vetted(text, frozenset()))
    monkeypatch.setattr(watchdog, "WATCHDOG_SECONDS", 0.3)
    monkeypatch.setattr(trial, "STATEMENT_SECONDS", 60)

    async with asyncio.timeout(20):
        tried = await source.attempt("pg_sleep(60)::text")

    assert tried.code == "expression_too_slow"
    asleep = "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = $1"
    database = await source.connection.fetchval("select current_database()")
    async with asyncio.timeout(20):
        while await source.connection.fetchval(asleep, database):
            pass


async def test_casts_that_run_code_of_the_database_are_refused(source: Source):
    await source.connection.execute(
        "create type mood as enum ('good', 'bad');"
        "create table loot (n int);"
        "create function steal(mood) returns int language plpgsql as"
        " $$ begin insert into loot values (1); return 1; end $$;"
        "create cast (mood as int) with function steal(mood);"
        "alter table victim add mood mood default 'good'"
    )
    tried = await source.attempt("mood::integer", "integer", columns=(*COLUMNS, "mood"))
    assert tried.code == "expression_refused"
    assert "mood" in tried.reason
    assert await source.connection.fetchval("select count(*) from loot") == 0


async def test_an_empty_table_takes_any_expression_of_the_right_type(source: Source):
    await source.connection.execute("delete from victim")
    tried = await source.attempt("upper(name)")
    assert (tried.code, tried.rows, tried.whole) == (None, 0, True)


async def test_of_a_large_table_only_a_sample_is_tried(source: Source):
    await source.connection.execute(
        "insert into victim (id, name) select n, repeat('x', 500) from generate_series(100, 9000) n"
    )
    await source.connection.execute("vacuum analyze victim")
    tried = await source.attempt("upper(name)")
    assert tried.code is None
    assert 0 < tried.rows <= trial.ROWS_MAX
    assert not tried.whole
