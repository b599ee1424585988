"""Where each column goes: one mapping a column, and one plan a table."""

from collections.abc import Iterator

from msgspec import Struct

from sterna_core.ids import derived_id
from sterna_core.migration.plan import ColumnMapping, CopyFormat, Score, TablePlan
from sterna_core.postgres.identifiers import qualified, quote
from sterna_core.tasks.work import PlanMigration
from sterna_executor.databases.postgresql.boundaries import boundaries
from sterna_executor.databases.postgresql.confidence import (
    Confidence,
    Measured,
    confidence_of,
    share,
)
from sterna_executor.databases.postgresql.confidence_check import ColumnCheck
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_table import Column, Table, TypeInfo
from sterna_executor.databases.postgresql.preflight_target_facts import TargetFacts

MAPPING = "map_"
MAPPING_ID_CHARACTERS = 24
SCORED_COLUMNS = 1_000
"""With more columns, the plan of a table would not fit into one record with their scores."""


class Mapper(Struct, frozen=True, kw_only=True):
    """Maps tables and columns to themselves in the target, with what was measured."""

    migration_id: str
    inventory: Inventory
    target: TargetFacts
    work: PlanMigration

    def table(
        self,
        table: Table,
        checks: tuple[ColumnCheck, ...],
        measured: Measured | None,
        copy_format: CopyFormat,
    ) -> TablePlan:
        """Plan one table."""
        if self.work.mode == "schema_only":
            return self._without_rows(table)
        doubtful = {check.column for check in checks if check.text or check.holds is not None}
        rows = estimated_rows(table, measured)
        cut = boundaries(
            pages=table.pages,
            stored_bytes=table.bytes,
            rows=rows,
            chunk_bytes=self.work.chunk_bytes,
            batch_rows=self.work.batch_rows,
        )
        return TablePlan(
            table_id=table.id,
            source_schema=table.schema,
            source_table=table.name,
            target_schema=self.inventory.target_schema(table.schema),
            target_table=table.name,
            columns=tuple(self._columns(table, measured, doubtful)),
            key=table.key,
            copy_format=copy_format,
            estimated_rows=rows,
            bytes=table.bytes,
            pages_per_chunk=cut.pages_per_chunk,
            chunks=cut.chunks,
        )

    def _without_rows(self, table: Table) -> TablePlan:
        return TablePlan(
            table_id=table.id,
            source_schema=table.schema,
            source_table=table.name,
            target_schema=self.inventory.target_schema(table.schema),
            target_table=table.name,
            columns=tuple(self._columns(table, None, set())),
            key=table.key,
            copy_format="binary",
            estimated_rows=0,
            bytes=0,
            pages_per_chunk=1,
            chunks=0,
        )

    def _columns(
        self, table: Table, measured: Measured | None, doubtful: set[str]
    ) -> Iterator[ColumnMapping]:
        for column in table.columns:
            sure = self._sure(column, measured, doubtful=column.name in doubtful)
            yield ColumnMapping(
                mapping_id=self._mapping_id(table, column),
                source_column=column.name,
                target_column=column.name,
                source_type=column.type,
                target_type=self._target_type(column),
                transformation=quote(column.name),
                confidence=sure.value,
                evidence=sure.evidence,
                status="approved" if sure.value >= self.work.auto_approve_above else "pending",
                copied=column.generated is None,
                score=_score(table, column, sure, measured),
            )

    def _sure(self, column: Column, measured: Measured | None, *, doubtful: bool) -> Confidence:
        if column.generated is not None:
            return Confidence(1.0, f"the target computes it ({column.generated})")
        known = self._type_known(self.inventory.types[column.type_oid])
        if self.work.mode == "schema_only" and known is not None:
            return Confidence(1.0, f"no rows are moved; type {known}")
        return confidence_of(measured, column.name, type_known=known, doubtful=doubtful)

    def _mapping_id(self, table: Table, column: Column) -> str:
        # Short, since a table of a thousand columns has a thousand; 80 bits are its own.
        whole = derived_id(MAPPING, self.migration_id, table.id, column.name)
        return whole[:MAPPING_ID_CHARACTERS]

    def _target_type(self, column: Column) -> str:
        kind = self.inventory.types[column.type_oid]
        named = kind if kind.element is None else self.inventory.types[kind.element]
        renamed = self.inventory.renames.get(named.schema)
        if renamed is None or named.extension is not None:
            return column.type
        return qualified(renamed, named.name) + ("" if kind.element is None else "[]")

    def _type_known(self, kind: TypeInfo) -> str | None:
        """Say why the target knows a type; None where it does not."""
        if kind.element is not None:
            return self._type_known(self.inventory.types[kind.element])
        if kind.extension is not None:
            there = self.target.extensions.get(kind.extension)
            if there is None:
                return None
            if there.installed is not None:
                return f"of the extension {kind.extension} there"
            return f"comes with the extension {kind.extension}"
        if kind.schema in self.inventory.schemas:
            return "is created with the schema"
        if (kind.schema, kind.name) in self.target.types:
            return "known to the target"
        return None


def _score(
    table: Table, column: Column, sure: Confidence, measured: Measured | None
) -> Score | None:
    """Give what a confidence is made of, for a column that goes to itself."""
    if len(table.columns) > SCORED_COLUMNS:
        return None
    fit = 0.0 if sure.type_unknown else 1.0
    if measured is None or column.generated is not None:
        return Score(type=fit)
    return Score(
        type=fit,
        rate=sure.value if fit else None,
        rows=measured.rows,
        whole=measured.whole,
        nulls=share(
            measured.rows - measured.present.get(column.name, measured.rows), measured.rows
        ),
        failing=measured.failing.get(column.name, ()),
    )


def estimated_rows(table: Table, measured: Measured | None) -> int:
    """Give the best count known: of all rows, the server's estimate, or what a sample tells."""
    if measured is not None and measured.whole:
        return measured.rows
    if table.rows is not None:
        return table.rows
    return measured.estimated_rows if measured is not None else 0


def transformations(tables: tuple[TablePlan, ...]) -> int:
    """Count the columns that are more than copied."""
    return sum(
        column.transformation != quote(column.source_column)
        for plan in tables
        for column in plan.columns
        if column.copied
    )
