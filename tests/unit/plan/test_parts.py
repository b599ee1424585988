import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sterna_core.journal.topics import RECORD_BYTES_MAX
from sterna_core.migration import state as st_
from sterna_core.migration.about import About
from sterna_core.migration.events import PlanTablesAdded
from sterna_core.migration.evolve import evolve
from sterna_core.migration.plan import ColumnMapping, TablePlan
from sterna_core.tasks.table import PageRange, TableSpec
from sterna_core.tasks.work import CopyChunk
from sterna_executor.databases.postgresql.estimates import phases, table_names
from sterna_executor.databases.postgresql.plan_parts import split_tables
from support.migration.scenario import MIGRATION_ID, START, create


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


def about() -> About:
    command = create()
    return About(
        migration_id=MIGRATION_ID,
        org_id="org_test",
        name=command.name,
        description="",
        source=command.source,
        target=command.target,
        selection=command.selection,
        options=command.options,
        created_at=START,
        created_by="key",
    )


def put_together(parts: list[tuple[TablePlan, ...]]) -> list[TablePlan]:
    """Put the parts together as their readers do."""
    whole: dict[str, TablePlan] = {}
    for piece in (table for part in parts for table in part):
        known = whole.get(piece.table_id)
        columns = known.columns + piece.columns if known else piece.columns
        whole[piece.table_id] = msgspec.structs.replace(piece, columns=columns)
    return list(whole.values())


@settings(deadline=None)
@given(st.lists(st.integers(1, 200), max_size=40))
def test_parts_hold_every_table_once_in_order_and_are_small(columns: list[int]):
    tables = [plan_of(f"t{number}", count) for number, count in enumerate(columns)]
    parts = split_tables(tables, 50_000)
    assert put_together(parts) == tables
    for part in parts:
        assert len(part) == 1 or len(msgspec.json.encode(part)) <= 51_000


def test_a_table_of_as_many_columns_as_a_server_allows_is_told_in_parts_and_put_together_again():
    wide = plan_of("wide", 1600, column="x" * 58)
    tables = [plan_of("first"), wide, plan_of("last")]
    parts = split_tables(tables)
    assert len(parts) > 2
    assert all(len(msgspec.json.encode(part)) < RECORD_BYTES_MAX / 2 for part in parts)
    state: st_.State = st_.Planning(about=about(), round=1)
    for number, part in enumerate(parts):
        state = evolve(state, PlanTablesAdded(at=START, part=number, tables=part))
    assert isinstance(state, st_.Planning)
    assert list(state.tables.values()) == tables


def test_a_task_for_the_widest_table_there_can_be_is_small_enough_to_be_sent():
    wide = TableSpec.of(plan_of("t" * 63, 1600, column="x" * 58))
    work = CopyChunk(
        table=wide, chunk=0, pages=PageRange(0, None), snapshot_id="00000003-1", generation=1
    )
    assert len(msgspec.json.encode(work)) < RECORD_BYTES_MAX - 16_384


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
