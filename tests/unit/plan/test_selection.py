import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_core.errors import InvalidRequest
from sterna_core.migration.glob import TableGlobs
from sterna_core.migration.plan import Selection
from sterna_executor.databases.postgresql.inventory_selection import choose_schemas, choose_tables
from sterna_executor.databases.postgresql.inventory_table import table_id
from support.plan.tables import a_table

FAMILY = (
    a_table("shop", "orders", kind="partitioned"),
    a_table("shop", "orders_2025", kind="partitioned", parent=("shop", "orders")),
    a_table("shop", "orders_2025_01", parent=("shop", "orders_2025")),
    a_table("shop", "orders_2026", parent=("shop", "orders")),
    a_table("shop", "customers"),
)


def names(pattern: str) -> set[str]:
    return {table.name for table in choose_tables(FAMILY, TableGlobs((pattern,)))[1]}


def test_no_schema_named_means_every_schema():
    assert choose_schemas(Selection(), ["a", "b"]) == ("a", "b")


def test_a_schema_that_is_not_there_is_refused_by_name_with_those_that_are():
    with pytest.raises(InvalidRequest, match=r"HR.*it has: hr") as refused:
        choose_schemas(Selection(schemas=("HR",)), ["hr"])
    assert refused.value.code == "schema_not_found"


def test_leaving_out_a_partitioned_table_leaves_out_all_its_partitions():
    assert names("orders") == {"orders", "orders_2025", "orders_2025_01", "orders_2026"}
    assert names("orders_2025") == {"orders_2025", "orders_2025_01"}


def test_one_partition_can_be_left_out():
    assert names("orders_2026") == {"orders_2026"}


@given(st.permutations(FAMILY), st.sampled_from(["orders", "orders_2025", "*_01", "cust*", "x"]))
def test_what_is_left_out_does_not_depend_on_the_order_of_the_catalog(family: list, pattern: str):
    chosen, excluded = choose_tables(family, TableGlobs((pattern,)))
    assert {table.name for table in excluded} == names(pattern)
    assert len(chosen) + len(excluded) == len(FAMILY)


IDENTIFIERS = st.text(alphabet='ab."', min_size=1, max_size=6)


@given(IDENTIFIERS, IDENTIFIERS, IDENTIFIERS, IDENTIFIERS)
def test_two_tables_never_share_an_id(schema: str, name: str, schema2: str, name2: str):
    same = (schema, name) == (schema2, name2)
    assert (table_id(schema, name) == table_id(schema2, name2)) is same


def test_an_ordinary_table_is_called_by_schema_and_name():
    assert table_id("Shop", "orders lines") == "Shop.orders lines"
