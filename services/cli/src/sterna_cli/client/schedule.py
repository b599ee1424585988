"""When a migration works, as the API tells."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime


class Window(Struct, frozen=True, kw_only=True):
    """Hours in which work is allowed; no `days` means every day."""

    name: str = ""
    days: tuple[str, ...] = ()
    start_time: str = ""
    end_time: str = ""
    timezone: str = ""


class Awaited(Struct, frozen=True, kw_only=True):
    """A migration that is waited for."""

    migration_id: str
    condition: str = ""
    met: bool = False


class Recurrence(Struct, frozen=True, kw_only=True):
    """When a migration is made anew."""

    cron: str = ""
    timezone: str = ""
    next_at: UtcDatetime | None = None
    last_migration_id: str | None = None


class Schedule(Struct, frozen=True, kw_only=True):
    """When a migration works."""

    start_at: UtcDatetime | None = None
    windows: tuple[Window, ...] = ()
    outside_window: str = "pause"
    wait_for: tuple[Awaited, ...] = ()
    exclude_concurrent: tuple[str, ...] = ()
    recurring: Recurrence | None = None
    next_start_at: UtcDatetime | None = None
    in_window: bool = True
    window_opens_at: UtcDatetime | None = None
    window_closes_at: UtcDatetime | None = None
    paused_by_schedule: bool = False
