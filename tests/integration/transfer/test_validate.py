"""The kinds of validation, on real databases."""

from typing import Any

import pytest
from msgspec.structs import replace

from sterna_core.migration.plan import Selection
from sterna_core.migration.validation_events import Finding
from sterna_core.migration.validation_options import Query, Rule, StatisticalOptions
from sterna_core.tasks import validation_work as wk
from sterna_executor.databases.postgresql.inventory_reader import read_inventory
from sterna_executor.databases.postgresql.structure import structure_digest
from sterna_executor.databases.postgresql.validate import Validated, validate
from support.transfer.moving import Moving

SHOP = (
    "create table public.customers (id int primary key, country char(2), name text)",
    """create table public.orders (id int primary key, customer_id int, total numeric(12, 2),
    placed timestamptz, score float8, note json)""",
    "insert into public.customers select n, 'DE', 'customer ' || n from generate_series(1, 50) n",
    """insert into public.orders select n, n % 50 + 1, n * 1.25, '2026-01-01'::timestamptz
    + n * interval '1 hour', sqrt(n), '{}' from generate_series(1, 2000) n""",
)
FOREIGN_KEY = (
    "alter table public.orders add constraint placed_by foreign key (customer_id)"
    " references public.customers (id)"
)


async def validated(moving: Moving, work: wk.AnyValidation) -> Validated:
    return await validate(moving.assignment(), work)


async def only(moving: Moving, work: wk.AnyValidation) -> Finding:
    found = await validated(moving, work)
    (finding,) = found.findings
    assert (found.checked, found.failed) == (1, int(not finding.passed))
    return finding


async def references(moving: Moving, *names: str, **selection: Any) -> wk.ValidateReferences:
    tables = tuple([replace(await moving.table(name), columns=()) for name in names])
    return wk.ValidateReferences(selection=Selection(**selection), tables=tables)


async def test_foreign_keys_without_orphans_pass(moving: Moving) -> None:
    await moving.both(*SHOP)
    await moving.on("source", FOREIGN_KEY)
    finding = await only(moving, await references(moving, "orders", "customers"))
    assert finding.passed
    assert finding.subject == "public.orders.placed_by"
    assert finding.figures["orphans"] == 0


@pytest.mark.parametrize("declared", [FOREIGN_KEY, f"{FOREIGN_KEY} not valid"])
async def test_orphans_are_counted_before_the_target_has_the_foreign_key(
    moving: Moving, declared: str
) -> None:
    await moving.both(*SHOP)
    await moving.on("source", declared)
    await moving.on("target", "delete from public.customers where id = 7")
    finding = await only(moving, await references(moving, "orders"))
    assert not finding.passed
    assert finding.figures["orphans"] == 40


async def test_rows_with_nulls_refer_to_nothing_and_are_no_orphans(moving: Moving) -> None:
    await moving.both(*SHOP, "update public.orders set customer_id = null where id < 10")
    await moving.on("source", FOREIGN_KEY)
    assert (await only(moving, await references(moving, "orders"))).passed


async def test_half_a_key_is_an_orphan_where_all_of_it_must_match(moving: Moving) -> None:
    await moving.both(
        "create table public.p (a int, b int, primary key (a, b))",
        "create table public.c (a int, b int)",
    )
    await moving.on(
        "source",
        "alter table public.c add constraint f foreign key (a, b) references public.p match full",
    )
    await moving.on("target", "insert into public.c values (1, null), (null, null)")
    finding = await only(moving, await references(moving, "c"))
    assert finding.figures["orphans"] == 1


async def test_partitions_refer_through_their_parent_s_foreign_key(moving: Moving) -> None:
    await moving.both(
        "create table public.p (id int primary key) partition by range (id)",
        "create table public.p1 partition of public.p for values from (0) to (100)",
        "create table public.p2 partition of public.p for values from (100) to (200)",
        "create table public.c (p_id int) partition by range (p_id)",
        "create table public.c1 partition of public.c default",
        "insert into public.p values (1), (150)",
        "insert into public.c values (1), (150)",
    )
    await moving.on("source", "alter table public.c add foreign key (p_id) references public.p")
    assert (await only(moving, await references(moving, "c1"))).passed
    await moving.on("target", "insert into public.c values (199)")
    assert (await only(moving, await references(moving, "c1"))).figures["orphans"] == 1


async def statistics(moving: Moving, **options: float) -> Finding:
    table = await moving.table("orders", rows=2000)
    async with moving.snapshot() as snapshot:
        return await only(
            moving,
            wk.ValidateStatistics(
                tables=(table,),
                options=StatisticalOptions(**options),
                snapshot_id=snapshot.snapshot_id,
            ),
        )


async def test_the_figures_of_equal_tables_agree(moving: Moving) -> None:
    await moving.both(*SHOP)
    finding = await statistics(moving)
    assert finding.passed, finding.text
    assert finding.figures == {
        "source_rows": 2000,
        "target_rows": 2000,
        "columns": 6,
        "columns_differing": 0,
        "rows_left_out": 0,
        "columns_replaced": 0,
        "distribution_distance": 0.0,
    }


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("delete from public.orders where id = 1000", "the numbers of rows differ"),
        ("update public.orders set customer_id = null where id < 100", "shares of nulls"),
        ("update public.orders set total = 99999 where id = 2000", "least and greatest value"),
        ("update public.orders set score = score * 2 where id between 2 and 1900", "averages"),
        ("update public.orders set customer_id = 1 where customer_id < 40", "distinct values"),
        ("update public.orders set score = 'NaN' where id = 5", "least and greatest value"),
        (
            """update public.orders set total = case when id <= 1000 then 600 else 1901.25 end
            where id between 2 and 1999""",
            "distributions",
        ),
    ],
)
async def test_each_figure_that_differs_is_named_and_no_value_is(
    moving: Moving, change: str, what: str
) -> None:
    await moving.both(*SHOP)
    await moving.on("target", change)
    finding = await statistics(moving)
    assert not finding.passed
    assert what in finding.text
    assert "99999" not in str(finding)


async def test_the_distance_of_two_distributions_is_that_of_their_shares(moving: Moving) -> None:
    await moving.both("create table public.orders (id int, wide text)")
    await moving.on("source", "insert into public.orders select n from generate_series(1, 330) n")
    await moving.on(
        "target", "insert into public.orders select n + 33 from generate_series(1, 330) n"
    )
    finding = await statistics(moving, distribution_similarity=0.91)
    assert finding.figures["distribution_distance"] == pytest.approx(0.1, abs=0.004)
    assert "distributions" in finding.text
    assert "distributions" not in (await statistics(moving, distribution_similarity=0.89)).text


async def test_quantiles_of_many_rows_come_from_a_sample_of_them(moving: Moving) -> None:
    await moving.both(
        "create table public.orders (id int, share float8)",
        "insert into public.orders select n, n % 1000 / 1000.0 from generate_series(1, 130000) n",
    )
    assert (await statistics(moving)).passed
    await moving.on("target", "update public.orders set share = share * share")
    assert (await statistics(moving)).figures["distribution_distance"] == pytest.approx(
        0.25, abs=0.05
    )


async def test_differences_within_the_tolerance_pass(moving: Moving) -> None:
    await moving.both(*SHOP)
    await moving.on("target", "update public.orders set customer_id = null where id < 100")
    assert (await statistics(moving, null_rate_tolerance=0.1, numeric_epsilon=0.1)).passed


@pytest.mark.parametrize(
    ("expression", "passed", "text"),
    [
        ("total >= 0", True, ""),
        ("orders.total > 1000", False, "800 of 2000 rows of public.orders break it"),
        ("note is not null and upper('x') = 'X'", True, ""),
        ("no_such_column > 0", False, "the table has no column no_such_column"),
        ("total", False, "it cannot be evaluated (SQLSTATE 42804)"),
        ("1 / (id - 5) >= 0", False, "it cannot be evaluated (SQLSTATE 22012)"),
        ("pg_sleep(1) is null", False, "the function pg_sleep is not allowed"),
    ],
)
async def test_rules_are_counted_over_every_row(
    moving: Moving, expression: str, passed: bool, text: str
) -> None:
    await moving.both(*SHOP)
    rule = Rule(name="a rule", table="public.orders", expression=expression)
    finding = await only(moving, wk.ValidateRules(rules=(rule,)))
    assert (finding.passed, finding.text) == (passed, text)
    assert finding.subject == "a rule"


async def test_a_rule_of_a_table_that_is_not_there_fails(moving: Moving) -> None:
    rule = Rule(name="r", table="public.nothing", expression="true")
    finding = await only(moving, wk.ValidateRules(rules=(rule,)))
    assert finding.text == "the target has no table public.nothing"


async def asked(moving: Moving, query: str, **fields: Any) -> Finding:
    async with moving.snapshot() as snapshot:
        work = wk.ValidateQuery(
            query=Query(name="q", query=query, **fields), snapshot_id=snapshot.snapshot_id
        )
        return await only(moving, work)


@pytest.mark.parametrize("fidelity", ["exact", "semantic"])
async def test_a_query_that_both_sides_answer_alike_passes(moving: Moving, fidelity: str) -> None:
    await moving.both(*SHOP)
    finding = await asked(
        moving,
        "select c.name, sum(o.total), max(o.score) from public.orders o join public.customers c"
        " on c.id = o.customer_id group by c.name order by c.name",
        fidelity=fidelity,
    )
    assert finding.passed, finding.text
    assert finding.figures["source_rows"] == 50
    assert finding.figures["source_digest"] == finding.figures["target_digest"]


async def test_a_query_sees_the_source_as_of_the_snapshot(moving: Moving) -> None:
    await moving.both(*SHOP)
    async with moving.snapshot() as snapshot:
        await moving.on("source", "delete from public.orders")
        query = Query(name="q", query="select count(*) from public.orders")
        finding = await only(
            moving, wk.ValidateQuery(query=query, snapshot_id=snapshot.snapshot_id)
        )
    assert finding.passed


async def test_one_changed_row_changes_the_answer(moving: Moving) -> None:
    await moving.both(*SHOP)
    await moving.on("target", "update public.orders set total = total + 0.01 where id = 3")
    finding = await asked(moving, "select id, total from public.orders")
    assert not finding.passed
    assert finding.text == "the two sides answer differently"


async def test_order_counts_only_where_it_is_asked_for(moving: Moving) -> None:
    await moving.both("create table public.t (id int, place int)")
    await moving.on("source", "insert into public.t values (1, 1), (2, 2)")
    await moving.on("target", "insert into public.t values (1, 2), (2, 1)")
    query = "select id from public.t order by place"
    assert (await asked(moving, query, fidelity="semantic")).passed
    assert not (await asked(moving, query, fidelity="exact")).passed


async def test_what_rows_come_to_may_differ_by_little_in_numbers_and_nothing_else(
    moving: Moving,
) -> None:
    await moving.both(*SHOP)
    query = "select customer_id % 5 as g, 'x' || customer_id, sum(total), avg(score) s"
    query += " from public.orders group by customer_id"
    await moving.on("target", "update public.orders set total = total + 0.01 where id = 3")
    assert not (await asked(moving, query, fidelity="semantic")).passed
    finding = await asked(moving, query, fidelity="business")
    assert finding.passed, finding.text
    assert finding.figures["source_rows"] == 50
    await moving.on("target", "update public.orders set total = total * 1.001")
    assert not (await asked(moving, query, fidelity="business")).passed
    names = "select name from public.customers"
    assert (await asked(moving, names, fidelity="business")).passed
    await moving.on("target", "update public.customers set name = 'somebody' where id = 3")
    assert not (await asked(moving, names, fidelity="business")).passed


async def test_numbers_that_are_none_come_to_the_same_only_where_both_have_them(
    moving: Moving,
) -> None:
    await moving.both("create table public.t (id int, x float8)")
    await moving.both("insert into public.t values (1, 'NaN'), (2, 1)")
    query = "select x from public.t"
    assert (await asked(moving, query, fidelity="business")).passed
    await moving.on("target", "update public.t set x = 1")
    assert not (await asked(moving, query, fidelity="business")).passed
    empty = "select x from public.t where id > 5"
    assert (await asked(moving, empty, fidelity="business")).passed


async def test_rows_that_come_twice_count_twice(moving: Moving) -> None:
    await moving.both("create table public.t (id int)")
    await moving.on("source", "insert into public.t values (1), (1), (2)")
    await moving.on("target", "insert into public.t values (1), (2), (2)")
    assert not (await asked(moving, "select id from public.t")).passed


async def test_a_query_that_one_side_cannot_run_fails_by_its_state(moving: Moving) -> None:
    await moving.on("source", "create table public.t (id int)")
    finding = await asked(moving, "select id from public.t")
    assert finding.text == "it cannot be run on the target (SQLSTATE 42P01)"
    renamed = await asked(
        moving, "select count(*) from public.t", target_query="select 0::bigint as count"
    )
    assert renamed.passed, renamed.text


def structure(digest: str, *, whole: bool = False) -> wk.ValidateStructure:
    return wk.ValidateStructure(selection=Selection(), structure_digest=digest, whole=whole)


async def digest_of(moving: Moving) -> str:
    async with moving.source.session() as source:
        return structure_digest(await read_inventory(source, Selection()))


async def test_before_the_cutover_foreign_keys_and_triggers_are_not_missed(moving: Moving) -> None:
    await moving.both(*SHOP)
    await moving.on(
        "source",
        FOREIGN_KEY,
        "create function public.f() returns trigger language plpgsql as 'begin return new; end'",
        "create trigger t before insert on public.orders execute function public.f()",
        "alter table public.orders enable row level security",
    )
    digest = await digest_of(moving)

    early = await validated(moving, structure(digest))
    late = await validated(moving, structure(digest, whole=True))

    assert (early.failed, early.findings) == (0, ())
    assert early.checked >= 10
    missing = {f"{each.subject} {each.text}" for each in late.findings}
    assert "trigger public.orders.t is missing" in missing
    assert "foreign key public.orders.placed_by is missing" in missing
    assert late.failed == len(late.findings) == 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("alter table public.orders drop column note", "column public.orders.note is missing"),
        ("drop table public.customers", "table public.customers is missing"),
        (
            "alter table public.orders alter id drop default, alter total type text",
            "column public.orders.total is defined otherwise",
        ),
        (
            "alter table public.customers alter name set not null",
            "column public.customers.name is otherwise",
        ),
        (
            "alter table public.orders drop constraint orders_pkey",
            "index public.orders.orders_pkey is missing",
        ),
    ],
)
async def test_what_is_not_as_planned_is_named(moving: Moving, change: str, said: str) -> None:
    await moving.both(*SHOP)
    digest = await digest_of(moving)
    await moving.on("target", change)

    found = await validated(moving, structure(digest))

    assert said in {f"{each.subject} {each.text}" for each in found.findings}
    assert found.failed >= 1


async def test_a_source_that_changed_since_the_plan_is_a_finding(moving: Moving) -> None:
    await moving.both(*SHOP)
    digest = await digest_of(moving)
    await moving.on("source", "alter table public.orders add column later int")
    assert (await only(moving, structure(digest))).subject == "source"
