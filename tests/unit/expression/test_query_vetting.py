"""Which queries of users may run: SELECTs over tables that are named, and nothing else."""

import pytest

from sterna_core.expression.query_vetting import QueryRefused, vet_query

HARMLESS = [
    "select count(*) from public.orders",
    "select o.id, c.name from shop.orders o join shop.customers c on c.id = o.customer_id",
    "select status, count(*), sum(total) from public.orders group by status having count(*) > 1",
    "with big as (select * from public.orders where total > 100) select count(*) from big",
    "select * from public.orders order by id desc limit 10 offset 5",
    "select distinct status from public.orders",
    "select id, rank() over (partition by status order by total) from public.orders",
    "select count(*) filter (where total > 1) from public.orders",
    "select string_agg(name, ', ' order by name) from public.customers",
    "select * from public.a union all select * from public.b",
    "select exists (select 1 from public.orders where total < 0)",
    "select id from public.orders where customer_id in (select id from public.customers)",
    "select percentile_cont(0.5) within group (order by total) from public.orders",
    "select coalesce(upper(name), '-') || ' ' || id::text from public.customers",
    "select date_trunc('month', at), avg(total) from public.orders group by 1 order by 1",
    "select x.* from public.orders o, lateral (select o.id + 1 as n) x",
    "select a, b from public.t group by rollup (a, b)",
    "select t.id from public.t",
]

HOSTILE = [
    "",
    "select 1; drop table public.orders",
    "delete from public.orders",
    "insert into public.orders values (1)",
    "update public.orders set id = 1",
    "truncate public.orders",
    "copy public.orders to program 'id'",
    "do $$ begin end $$",
    "explain analyze delete from public.orders",
    "with gone as (delete from public.orders returning *) select * from gone",
    "select * into public.copy from public.orders",
    "create table public.x as select 1",
    "select * from public.orders for update",
    "select pg_sleep(1000)",
    "select pg_read_file('/etc/passwd')",
    "select lo_import('/etc/passwd')",
    "select dblink('host=x', 'select 1')",
    "select set_config('role', 'postgres', false)",
    "select current_setting('data_directory')",
    "select pg_terminate_backend(1)",
    "select nextval('public.s')",
    "select setval('public.s', 1)",
    "select query_to_xml('delete from public.orders', true, true, '')",
    "select public.evil(1)",
    "select * from generate_series(1, 1000000000)",
    "select generate_series(1, 1000000000)",
    "select * from pg_authid",
    "select * from pg_catalog.pg_authid",
    "select * from pg_shadow",
    "select * from information_schema.tables",
    "select * from _sterna.fence",
    "with pg_authid as (select 1) select * from pg_authid",
    "select a from public.t where exists (select 1 from pg_user)",
    "with recursive r as (select 1 as n union all select n + 1 from r) select * from r",
    "select now()",
    "select age(at) from public.orders",
    "select random()",
    "select current_user",
    "select localtimestamp",
    "select 'now'::timestamptz",
    "select ctid from public.orders",
    "select public.orders.xmin from public.orders",
    "select 'public.orders'::regclass",
    "select xmlparse(document 'x')",
    "select $1",
    "select 1 -- and more",
    "select 1 /* and more */",
    "select $$text$$",
    "select id from public.orders order by id using operator(public.<)",
    "select 1 operator(public.+) 2",
    "select other.public.orders.id from other.public.orders",
    "select * from xmltable('/r' passing '<r/>' columns a text)",
    "select * from json_table('[]', '$' columns (a int path '$'))",
    "select * from rows from (generate_series(1, 2)) x",
    "select * from public.orders tablesample system (1)",
    "select 1\x00",
    "table pg_authid",
    "select repeat('x', 1000000000)",
    "select lpad('x', 1000000000)",
    "select count(variadic array[1]) from public.t",
    "listen x",
    "set role postgres",
    "prepare p as select 1",
    "select (select (select pg_ls_dir('/')))",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_query_over_tables_is_taken_as_it_is(text: str) -> None:
    assert vet_query(f" {text}\n") == text


@pytest.mark.parametrize("text", HOSTILE)
def test_what_writes_waits_reads_the_system_or_never_ends_is_refused(text: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        vet_query(text)
    assert refused.value.code == "query_refused"
    assert len(text) < 12 or text not in refused.value.message


def test_compared_exactly_a_query_has_to_say_its_order() -> None:
    with pytest.raises(QueryRefused):
        vet_query("select id from public.orders", ordered=True)
    assert vet_query("select id from public.orders order by id", ordered=True)
