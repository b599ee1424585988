import pytest

from sterna_core.tasks.table import PageRange
from sterna_executor.databases.postgresql.page_range import predicates, table_pages
from support.transfer.moving import Moving

RANGES = [PageRange(0, 7), PageRange(7, 2100), PageRange(2100, 9999), PageRange(2500, None)]


@pytest.mark.parametrize("pages", RANGES)
async def test_both_ways_of_reading_a_range_give_the_same_rows_in_the_same_order(
    moving: Moving, pages: PageRange
) -> None:
    await moving.on(
        "source",
        "create table public.wide with (fillfactor = 10) as"
        " select n as id, repeat('x', 600) as filler from generate_series(1, 2600) n",
        "delete from public.wide where id % 3 = 0",
        "update public.wide set filler = 'moved' where id % 5 = 0",
    )
    async with moving.source.session() as source:
        size = await table_pages(source, "source", "public.wide")
        found = {}
        for major in (13, 18):
            rows = []
            for condition in predicates(pages, major=major, table_pages=size):
                query = f"select id from only public.wide where {condition}"
                rows += [row["id"] for row in await source.fetch(query)]
            found[major] = rows
        plan = "\n".join(
            row[0]
            for row in await source.fetch(
                "explain select id from only public.wide where " + predicates(pages, major=18)[0]
            )
        )
    assert size > 2500
    assert found[13] == found[18] != []
    assert "Tid Range Scan" in plan
