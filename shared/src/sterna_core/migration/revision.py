"""A migration's change before it is started."""

from typing import Any

from sterna_core.migration.about import About, Party
from sterna_core.migration.command import Command
from sterna_core.migration.event import Event
from sterna_core.migration.notifications import Notifications
from sterna_core.migration.plan import Selection

PLANNED_OPTIONS = frozenset(
    {"mode", "batch_size", "chunk_bytes", "auto_approve_above", "incremental"}
)
"""The options that a plan is made with: it is made again where one of them changes."""


class EditMigration(Command, frozen=True, kw_only=True, tag="migration.edit.v1"):
    """Change what is given; None leaves a thing as it is, as does an option that is not named.

    A plan that would be another one is made again. `notifications` without anybody tell nobody.
    """

    name: str | None = None
    description: str | None = None
    source: Party | None = None
    target: Party | None = None
    selection: Selection | None = None
    options: dict[str, Any] | None = None
    notifications: Notifications | None = None


class MigrationEdited(Event, frozen=True, kw_only=True, tag="migration.edited.v1"):
    """The migration is another one from now on; `round` counts its plans, where one is made."""

    about: About
    round: int | None
    by: str
