import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sterna_core.errors import Misconfigured
from sterna_core.journal.topics import RECORD_BYTES_MAX
from sterna_core.migration.plan import ColumnMapping, TablePlan
from sterna_executor.databases.postgresql.estimates import phases, table_names
from sterna_executor.databases.postgresql.plan_migration import split_tables


def plan_of(
    name: str, columns: int = 1, *, rows: int = 10, stored: int = 8192, column: str = "column"
) -> TablePlan:
    return TablePlan(
        table_id=f"s.{name}",
        source_schema="s",
        source_table=name,
        target_schema="s",
        target_table=name,
        columns=tuple(
            ColumnMapping(
                mapping_id=f"map_{number:020}",
                source_column=f"{column}_{number}",
                target_column=f"{column}_{number}",
                source_type="integer",
                target_type="integer",
                transformation=f'"{column}_{number}"',
                confidence=1.0,
                evidence="1.00 of 12,345 sampled rows convertible; type known to the target",
                status="approved",
            )
            for number in range(columns)
        ),
        key=("id",),
        copy_format="binary",
        estimated_rows=rows,
        bytes=stored,
        pages_per_chunk=1,
        chunks=1,
    )


@settings(deadline=None)
@given(st.lists(st.integers(1, 200), max_size=40))
def test_parts_hold_every_table_once_in_order_and_are_small(columns: list[int]):
    tables = [plan_of(f"t{number}", count) for number, count in enumerate(columns)]
    parts = split_tables(tables, 50_000)
    assert [table for part in parts for table in part] == tables
    for part in parts:
        assert len(part) == 1 or len(msgspec.json.encode(part)) <= 51_000


def test_a_table_too_wide_to_be_told_is_refused_by_name():
    with pytest.raises(Misconfigured, match=r"s\.wide"):
        split_tables([plan_of("wide", 1600, column="x" * 58)])


def test_a_table_of_as_many_plain_columns_as_a_server_allows_can_be_told():
    (part,) = split_tables([plan_of("wide", 1600, column="c")])
    assert len(msgspec.json.encode(part)) < RECORD_BYTES_MAX


def test_thousands_of_tables_are_named_by_their_schema_so_that_a_phase_stays_small():
    few = [plan_of(f"t{number}") for number in range(10)]
    many = [plan_of(f"t{number}") for number in range(10_000)]
    assert table_names(few) == tuple(f"s.t{number}" for number in range(10))
    assert table_names(many) == ("s.*",)


def test_the_phases_come_in_order_and_take_longer_for_more():
    small = phases([plan_of("t")], planning_seconds=0.1, objects=0)
    large = phases([plan_of("t", rows=10**9, stored=10**12)], planning_seconds=0.1, objects=500)
    assert [phase.name for phase in small] == [
        "planning",
        "schema_migration",
        "data_transfer",
        "validation",
        "cutover",
    ]
    assert all(phase.estimated_duration_seconds >= 1 for phase in small)
    assert large[2].estimated_duration_seconds > 1000 * small[2].estimated_duration_seconds
