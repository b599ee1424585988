"""What a source holds, as far as it is selected."""

from msgspec import Struct

from sterna_core.migration.plan import Selection
from sterna_executor.databases.postgresql.inventory_object import (
    Dependency,
    Extension,
    Feature,
    ForeignKey,
    Routine,
    Sequence,
    SplitPartition,
    UserType,
    View,
)
from sterna_executor.databases.postgresql.inventory_table import Table, TypeInfo


class Inventory(Struct, frozen=True, kw_only=True):
    """The selected part of a source.

    `tables` are all that is selected: those with rows, partitioned parents and foreign tables.
    `excluded` are the tables of the selected schemas that a pattern leaves out, with their
    partitions. `other_schemas` are the schemas that are not selected.
    """

    selection: Selection
    schemas: tuple[str, ...]
    other_schemas: tuple[str, ...]
    tables: tuple[Table, ...]
    excluded: tuple[Table, ...]
    unused_patterns: tuple[str, ...]
    types: dict[int, TypeInfo]
    user_types: tuple[UserType, ...]
    foreign_keys: tuple[ForeignKey, ...]
    sequences: tuple[Sequence, ...]
    views: tuple[View, ...]
    routines: tuple[Routine, ...]
    extensions: tuple[Extension, ...]
    features: dict[str, Feature]
    dependencies: tuple[Dependency, ...]
    split: tuple[SplitPartition, ...]
    collations: tuple[str, ...]
    bodies_naming_schemas: tuple[str, ...]
    comments: int

    def of_kind(self, kind: str) -> tuple[Table, ...]:
        """Give the tables of one kind: `table`, `partitioned` or `foreign`."""
        return tuple(table for table in self.tables if table.kind == kind)

    @property
    def with_rows(self) -> tuple[Table, ...]:
        """The tables that hold rows: plain tables and partitions without partitions."""
        return self.of_kind("table")

    @property
    def excluded_names(self) -> tuple[tuple[str, str], ...]:
        """Schema and name of each table that is left out."""
        return tuple(table.name_pair for table in self.excluded)

    @property
    def renames(self) -> dict[str, str]:
        """The schemas that get another name in the target, by their name in the source."""
        target = self.selection.target_schema
        return {name: target for name in self.schemas if target is not None and name != target}

    def target_schema(self, schema: str) -> str:
        """Name the schema of the target that a schema of the source goes to."""
        return self.renames.get(schema, schema)

    def feature(self, kind: str) -> Feature:
        """Give what was counted of a kind; the count is 0 where there is none."""
        return self.features.get(kind) or Feature(kind=kind, count=0, names=())
