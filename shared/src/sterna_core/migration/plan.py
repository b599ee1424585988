"""What a plan says: tables, a mapping for each column, phases, risks and estimates."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.migration.incremental import TableSync

Mode = Literal["full", "schema_only", "data_only", "incremental"]
"""What is moved: structure and rows, the structure alone, rows into tables that are there, or
structure and rows, which are then kept up to date until somebody says stop."""

MOVES_EVERYTHING: frozenset[Mode] = frozenset({"full", "incremental"})
"""The modes that move structure and rows."""

CopyFormat = Literal["binary", "text"]
MappingStatus = Literal["approved", "pending", "rejected"]
Severity = Literal["low", "medium", "high", "critical"]


class ColumnChoice(Struct, frozen=True, kw_only=True):
    """Where a person wants a column of the source to go; nowhere, where `target_column` is empty.

    `table_id` is `schema.table` of the source.
    """

    table_id: str
    source_column: str
    target_column: str


class Selection(Struct, frozen=True, kw_only=True):
    """Which tables of the source are meant, and where they go.

    `schemas` empty means every schema that is not the system's. `exclude_tables` are globs
    (`*`, `?`) over `table` or `schema.table`. `target_schema` None keeps each schema's name.
    `choices` are columns that are not matched by their names, where both sides have tables.
    """

    schemas: tuple[str, ...] = ()
    exclude_tables: tuple[str, ...] = ()
    target_schema: str | None = None
    choices: tuple[ColumnChoice, ...] = ()

    def choosing(self, choices: tuple[ColumnChoice, ...]) -> "Selection":
        """Give the selection with other choices for the columns that these name."""
        chosen = {(each.table_id, each.source_column): each for each in (*self.choices, *choices)}
        return replace(self, choices=tuple(chosen.values()))


class Trial(Struct, frozen=True, kw_only=True):
    """A transformation that somebody gave, tried on rows of the source.

    `rows` is how many were tried, `whole` whether these are all, and `failed` how many gave what
    the target does not take.
    """

    number: int
    expression: str
    status: Literal["running", "accepted", "refused"]
    rows: int = 0
    whole: bool = False
    failed: int = 0
    code: str | None = None
    reason: str | None = None


class Score(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a mapping's confidence is made of, each part between 0 and 1.

    `table` and `name` say how alike the names are, `type` how well the types go together, `rate`
    which share of `rows` keeps all of its content (None where none was looked at; `whole` where
    these are all). `nulls` is the share of nulls among them. `failing` names some rows that would
    lose something: by their key, or by their place where the key itself says something. `longest`
    counts characters; `lowest` and `highest` are of numbers and dates only.
    """

    table: float = 1.0
    name: float = 1.0
    type: float = 1.0
    rate: float | None = None
    rows: int = 0
    whole: bool = True
    nulls: float = 0.0
    failing: tuple[str, ...] = ()
    longest: int | None = None
    lowest: str | None = None
    highest: str | None = None


class ColumnMapping(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where one column goes, how it is transformed, and how sure that is.

    `transformation` is an SQL expression over the source's row. `confidence` is between 0 and 1,
    and `evidence` says what it was measured on. A column that the target computes itself
    (generated) has `copied` False, and so has one that has no counterpart there: its
    `target_column` is empty. `overridden` says that the transformation is one that a person
    gave; `trial` is what became of the last one given. `score` says what the confidence is made of.
    `guard` is the same transformation, but fails on a value that it would change; it is what is run.
    """

    mapping_id: str
    source_column: str
    target_column: str
    source_type: str
    target_type: str
    transformation: str
    confidence: float
    evidence: str
    status: MappingStatus
    copied: bool = True
    comment: str | None = None
    reviewed_by: str | None = None
    overridden: bool = False
    trial: Trial | None = None
    score: Score | None = None
    guard: str | None = None

    @property
    def carried_out(self) -> str:
        """The expression that is run; a guard that is not of this transformation is none."""
        if not self.overridden and self.guard and f"THEN {self.transformation} ELSE" in self.guard:
            return self.guard
        return self.transformation


class TablePlan(Struct, frozen=True, kw_only=True):
    """One table that holds rows (a leaf, where it is partitioned) and how it is moved.

    `table_id` is `schema.table` of the source. `key` names the columns of the primary key, or of
    a unique index without nulls; empty means that whole rows are compared. The rows are read in
    `chunks` ranges of `pages_per_chunk` pages each (ctid ranges); the last range is open-ended.
    There are no chunks where no row is moved. `received` says that the target has the table
    already, `quiet` that the target's triggers and foreign
    keys are at rest while it is written; `after` names the tables whose rows have to be there first.
    `sync` is of the mode `incremental`.
    """

    table_id: str
    source_schema: str
    source_table: str
    target_schema: str
    target_table: str
    columns: tuple[ColumnMapping, ...]
    key: tuple[str, ...]
    copy_format: CopyFormat
    estimated_rows: int
    bytes: int
    pages_per_chunk: int
    chunks: int
    received: bool = False
    quiet: bool = False
    after: tuple[str, ...] = ()
    sync: TableSync | None = None


class Risk(Struct, frozen=True, kw_only=True):
    """Something that may go wrong or be lost, and what to do about it."""

    severity: Severity
    type: str
    description: str
    affected: tuple[str, ...]
    mitigation: str


class PhasePlan(Struct, frozen=True, kw_only=True):
    """One phase of the migration, in order, with what it touches."""

    name: str
    order: int
    tables: tuple[str, ...]
    parallel: bool
    estimated_duration_seconds: int


class PlanSummary(Struct, frozen=True, kw_only=True):
    """The plan in figures."""

    tables: int
    columns: int
    relationships: int
    transformations: int
    estimated_duration_seconds: int
    estimated_records: int
    estimated_bytes: int
