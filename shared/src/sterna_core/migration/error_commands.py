"""What people ask about rows that were refused."""

from sterna_core.migration.command import Command
from sterna_core.migration.error_events import Resolution
from sterna_core.migration.replacement import AnyReplacement


class ResolveError(Command, frozen=True, kw_only=True, tag="migration.resolve_error.v1"):
    """Decide what becomes of the rows of an error.

    `replacement` belongs to `default` and `transform`; without a column in it, the column that the
    error names is meant.
    """

    error_id: str
    resolution: Resolution
    reason: str | None = None
    replacement: AnyReplacement | None = None
