"""An error of a run as its decider remembers it."""

from typing import Literal

from msgspec import Struct

from sterna_core.migration.replacement import AnyReplacement

Standing = Literal["open", "retrying", "skipped", "resolved"]


class DataError(Struct, frozen=True, kw_only=True):
    """Rows of a table that are set aside, under the snapshot of a generation.

    `open` waits for somebody, `retrying` for an executor; `skipped` are left out of the target
    for good, and `resolved` have no rows left. `column` is that which was refused, where the target
    named one. `replaced` rows are in the target with another value than the source has, by
    `replacement`. `chunk` is None where a repair met them.
    """

    table_id: str
    generation: int
    rows: int
    standing: Standing = "open"
    retries: int = 0
    reason: str | None = None
    by: str = ""
    column: str | None = None
    replacement: AnyReplacement | None = None
    replaced: int = 0
    chunk: int | None = None
