"""Makes plans and commands for tests of the migration aggregate."""

from datetime import UTC, datetime

from sterna_core.connection.endpoint import Endpoint
from sterna_core.migration.about import Options, Party
from sterna_core.migration.commands import CreateMigration
from sterna_core.migration.plan import (
    ColumnMapping,
    MappingStatus,
    PlanSummary,
    Selection,
    TablePlan,
)
from sterna_core.migration.reports import ObjectWave, PostObject

START = datetime(2026, 1, 1, tzinfo=UTC)
MIGRATION_ID = "mig_0001"


def party(name: str) -> Party:
    endpoint = Endpoint(
        connection_id=f"conn_{name}",
        org_id="org_test",
        host="127.0.0.1",
        database=name,
        username="sterna",
        sealed_password="v1.k1.sealed",
    )
    return Party(connection_name=name, endpoint=endpoint)


def create(**options: object) -> CreateMigration:
    return CreateMigration(
        name="a migration",
        description="",
        source=party("old"),
        target=party("new"),
        selection=Selection(),
        options=Options(**options),  # type: ignore[arg-type]
    )


def table(
    name: str,
    *,
    chunks: int = 2,
    status: MappingStatus = "approved",
    rows: int = 4,
    after: tuple[str, ...] = (),
) -> TablePlan:
    column = ColumnMapping(
        mapping_id=f"map_{name}",
        source_column="id",
        target_column="id",
        source_type="bigint",
        target_type="bigint",
        transformation='"id"',
        confidence=1.0,
        evidence="every row",
        status=status,
    )
    return TablePlan(
        table_id=f"public.{name}",
        source_schema="public",
        source_table=name,
        target_schema="public",
        target_table=name,
        columns=(column,),
        key=("id",),
        copy_format="binary",
        estimated_rows=rows,
        bytes=rows * 100,
        pages_per_chunk=10,
        chunks=chunks,
        after=after,
    )


def summary(tables: int) -> PlanSummary:
    return PlanSummary(
        tables=tables,
        columns=tables,
        relationships=0,
        transformations=0,
        estimated_duration_seconds=1,
        estimated_records=4 * tables,
        estimated_bytes=400 * tables,
    )


def post_object(name: str, wave: ObjectWave, table_id: str | None) -> PostObject:
    return PostObject(object_id=name, kind=wave.upper(), name=name, wave=wave, table_id=table_id)
