import pytest

from sterna_core.tasks.table import PageRange
from sterna_executor.databases.postgresql.page_range import predicates


def test_a_new_server_reads_a_range_by_one_condition() -> None:
    assert predicates(PageRange(3, 9), major=14) == (
        "ctid >= '(3,0)'::pg_catalog.tid and ctid < '(9,0)'::pg_catalog.tid",
    )


def test_the_last_range_of_a_new_server_has_no_end() -> None:
    assert predicates(PageRange(3, None), major=18) == ("ctid >= '(3,0)'::pg_catalog.tid",)


@pytest.mark.parametrize("major", [11, 18])
def test_the_whole_table_needs_no_condition(major: int) -> None:
    assert predicates(PageRange(0, None), major=major) == ("true",)


def test_an_old_server_looks_up_lists_of_addresses_as_far_as_the_table_goes() -> None:
    assert len(predicates(PageRange(0, 10_000), major=13, table_pages=5000)) == 3
    assert predicates(PageRange(5000, None), major=13, table_pages=5000) == ()
