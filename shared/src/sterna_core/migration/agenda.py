"""How far a migration is with its schedule: what of it is due follows from here."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.migration.standing import KnownStanding, Standing
from sterna_core.schedule.schedule import Awaited, Schedule

WATCHERS_MAX = 200


class Watcher(Struct, frozen=True, kw_only=True):
    """When a migration asked how this one stands, and which standing it was told of last.

    `told` is the standing's number; -1 for none.
    """

    asked_at: UtcDatetime
    told: int = -1


class Agenda(Struct, frozen=True, kw_only=True):
    """A schedule and what has come of it.

    - `attended_at`: the schedule was last looked at then; what is due later is still to come.
    - `check_asked_at`, `checked`: when the plan was last compared with the source before a start,
      and whether it was found as it was approved.
    - `held_until`: the schedule has paused the run, and may resume it from then on; None where
      it has not, or where a person has had a say since.
    - `warned_for`: the end of hours that was announced last.
    - `known`: how others stand, as they have told.
    - `watchers`: who wants to know how this one stands.
    - `registered`, `answer`: for whom this one is known to wait, and which answer said so; `circle`
      is who waits for whom, from this one on, where that leads back to it.
    - `fired_at`, `child_id`: the last recurrence, and the migration it made.
    - `parent_id`, `deadline_seconds`: by which recurrence this migration was made, and how long
      after its start it is cancelled.
    """

    schedule: Schedule | None = None
    set_at: UtcDatetime | None = None
    attended_at: UtcDatetime | None = None
    approval_missed: bool = False
    check_asked_at: UtcDatetime | None = None
    checked: bool = False
    held_until: UtcDatetime | None = None
    warned_for: UtcDatetime | None = None
    known: dict[str, KnownStanding] = {}
    watchers: dict[str, Watcher] = {}
    standing: Standing = Standing()
    registered: tuple[str, ...] = ()
    answer: int = 0
    circle: tuple[str, ...] = ()
    fired_at: UtcDatetime | None = None
    child_id: str | None = None
    parent_id: str | None = None
    deadline_seconds: int | None = None

    def is_met(self, awaited: Awaited) -> bool:
        """Tell whether a migration that was waited for has ended as wished."""
        known = self.known.get(awaited.migration_id)
        if known is None:
            return False
        ends = {"completed"} if awaited.condition == "completed" else _ENDS
        return known.standing.kind in ends

    @property
    def waits_for(self) -> tuple[str, ...]:
        """The migrations that this one is to wait for; a pattern leaves that to what it makes."""
        schedule = self.schedule
        if schedule is None or schedule.recurring is not None:
            return ()
        return tuple(dict.fromkeys(each.migration_id for each in schedule.wait_for))

    def is_blocked(self) -> bool:
        """Tell whether others keep this migration from beginning to work."""
        schedule = self.schedule
        if schedule is None:
            return False
        return not all(self.is_met(each) for each in schedule.wait_for) or self.is_excluded()

    def is_excluded(self) -> bool:
        """Tell whether one that must not work at the same time does, or has not told yet."""
        if self.schedule is None:
            return False
        known = (self.known.get(each) for each in self.schedule.exclude_concurrent)
        return any(each is None or each.standing.kind == "working" for each in known)

    def gives_way_to(self, migration_id: str) -> KnownStanding | None:
        """Give the standing of one before which this migration, at work, must stop; else None.

        Of two that exclude each other and have begun at the same time the one with the smaller
        id goes on.
        """
        if self.schedule is None:
            return None
        for other in self.schedule.exclude_concurrent:
            known = self.known.get(other)
            if known is None or known.standing.kind != "working":
                continue
            if not (known.mutual and migration_id < other):
                return known
        return None


class Farewell(Struct, frozen=True, kw_only=True):
    """How a migration that was deleted has ended, and who wanted to know."""

    migration_id: str
    standing: Standing
    watchers: dict[str, Watcher]
    org_id: str = ""
    """Where others are to know that it waits for nobody any more; empty where nobody thinks so."""


_ENDS = {"completed", "failed", "ended"}


def first_agenda(
    schedule: Schedule | None,
    parent_id: str | None,
    deadline_seconds: int | None,
    now: UtcDatetime,
) -> Agenda:
    """Give the agenda of a migration that was just created; a parent wants to know its standing."""
    return Agenda(
        schedule=schedule,
        set_at=now if schedule else None,
        watchers={parent_id: Watcher(asked_at=now)} if parent_id else {},
        parent_id=parent_id,
        deadline_seconds=deadline_seconds,
    )
