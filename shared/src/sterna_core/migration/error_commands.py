"""What people ask about rows that were refused."""

from sterna_core.migration.command import Command
from sterna_core.migration.error_events import Resolution


class ResolveError(Command, frozen=True, kw_only=True, tag="migration.resolve_error.v1"):
    """Decide what becomes of the rows of an error."""

    error_id: str
    resolution: Resolution
    reason: str | None = None
