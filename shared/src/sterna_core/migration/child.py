"""The migrations that a recurrence makes."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from sterna_core import ids
from sterna_core.migration.about import About
from sterna_core.migration.commands import CreateMigration
from sterna_core.schedule.schedule import Schedule

_NAME_CHARACTERS_MAX = 200
_OWN = frozenset({"schedule", "parent_id", "deadline_seconds", "name"})


def child_id(about: About, due_at: datetime) -> str:
    """Give the id of the migration that a recurrence makes at a moment: the same every time."""
    return ids.derived_id(ids.MIGRATION, about.org_id, about.migration_id, due_at.isoformat())


def child_command(about: About, fired_at: datetime) -> CreateMigration:
    """Give the command that makes a child: the parent's configuration, to start when approved."""
    schedule = about.agenda.schedule or Schedule()
    recurring = schedule.recurring
    same: dict[str, Any] = {
        field: getattr(about, field)
        for field in CreateMigration.__struct_fields__
        if field in About.__struct_fields__ and field not in _OWN
    }
    moment = f" {fired_at:%Y-%m-%d %H:%M}"
    return CreateMigration(
        **same,
        name=about.name[: _NAME_CHARACTERS_MAX - len(moment)] + moment,
        schedule=replace(schedule, start_at=fired_at, recurring=None),
        parent_id=about.migration_id,
        deadline_seconds=recurring.max_duration_seconds if recurring else None,
    )
