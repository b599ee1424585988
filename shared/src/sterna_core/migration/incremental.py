"""How a migration of the mode `incremental` keeps its target up to date."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

TableName = Annotated[str, Meta(min_length=1, max_length=200)]
ColumnName = Annotated[str, Meta(min_length=1, max_length=63)]
Strategy = Literal["changes", "comparison"]
"""Rows whose change column says so are copied again, or both sides are compared."""


class IncrementalOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often the target is brought up to date, and how.

    A pass begins `interval_seconds` after the last one began, or at once where that took longer.
    `change_columns` names, by `schema.table`, columns that say when a row was last written; others
    are found by their names where `find_change_columns` is set. Rows are read again that were
    written up to `overlap_seconds` before the latest that is known: a transaction may commit long
    after it took the time. Every `compare_every`th pass, beginning with the first, compares all
    tables: only that sees what was deleted, or came later than the overlap. `conflict_policy` says
    who is right where the target was written to as well: passes know the source alone.
    """

    interval_seconds: Annotated[int, Meta(ge=1, le=7 * 86_400)] = 60
    change_columns: Annotated[dict[TableName, ColumnName], Meta(max_length=1_000)] = {}
    find_change_columns: bool = True
    overlap_seconds: Annotated[int, Meta(ge=0, le=86_400)] = 300
    compare_every: Annotated[int, Meta(ge=1, le=10_000)] = 10
    conflict_policy: Literal["source_wins"] = "source_wins"


class TableSync(Struct, frozen=True, kw_only=True):
    """How passes bring one table up to date, and why so."""

    strategy: Strategy = "comparison"
    change_column: str | None = None
    reason: str = ""
