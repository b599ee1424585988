"""How a plan is looked at before it is carried out: by people, and by trying it."""

from typing import Literal

from msgspec import Struct

from sterna_core.migration.job import Assignment

DifferenceKind = Literal[
    "table_added",
    "table_dropped",
    "column_added",
    "column_dropped",
    "column_changed",
    "key_changed",
    "definition_changed",
]


class Difference(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is not as it was planned, by name; never a row's contents.

    `definition_changed` without a table is a change of a default, a type, a foreign key or the
    like that the names and types of columns do not show.
    """

    kind: DifferenceKind
    table: str | None = None
    column: str | None = None
    planned: str | None = None
    found: str | None = None


class WantedTrial(Struct, frozen=True, kw_only=True):
    """An expression that somebody gave for a column, to be tried on the source's rows."""

    number: int
    mapping_id: str
    table_id: str
    expression: str
    by: str


class WantedCheck(Struct, frozen=True, kw_only=True):
    """The plan is to be compared with the source; a rehearsal looks at everything."""

    number: int
    rehearsal: bool
    skip_approval: bool


class Review(Struct, frozen=True, kw_only=True):
    """What is being tried while a plan waits; `number` counts what was ever tried."""

    number: int = 0
    jobs: dict[str, Assignment] = {}
    trials: dict[str, WantedTrial] = {}
    check: WantedCheck | None = None


class RehearsedTransformation(Struct, frozen=True, kw_only=True):
    """A transformation of the plan, tried on a sample: how many rows, and how many failed."""

    mapping_id: str
    table: str
    column: str
    rows: int
    failed: int


class Rehearsal(Struct, frozen=True, kw_only=True):
    """What a dry run found; nothing was written.

    `problems` stand in the way of a start. `mappings_pending` counts the columns whose values,
    as they are now, would wait for a person.
    """

    problems: tuple[str, ...] = ()
    tables: int = 0
    columns: int = 0
    mappings_pending: int = 0
    estimated_records: int = 0
    estimated_bytes: int = 0
    estimated_duration_seconds: int = 0
    transformations: tuple[RehearsedTransformation, ...] = ()
