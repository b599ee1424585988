"""What is sent to change, undo, mark and delete a migration."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from sterna_api.http.connection_bodies import Description, Identifier, Name
from sterna_api.http.migration_bodies import ColumnChoices, ConnectionId, Glob, OptionsBody, Reason
from sterna_api.http.notification_bodies import NotificationsBody
from sterna_api.http.problem import InvalidShape, Problem
from sterna_core.migration.undo import Strategy
from sterna_core.tasks.telemetry import Phase


def _partial(kind: type[Struct], name: str, doc: str) -> type[Struct]:
    """Make a body of the same fields of which any may be left out."""
    fields = [(each.name, each.type | UnsetType, UNSET) for each in msgspec.structs.fields(kind)]
    return msgspec.defstruct(
        name,
        fields,
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        module=__name__,
        namespace={"__doc__": doc},
    )


OptionsPatch: Any = _partial(OptionsBody, "OptionsPatch", "Options to change; others stay.")


class SourcePatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be migrated instead."""

    connection_id: ConnectionId | UnsetType = UNSET
    schemas: Annotated[list[Identifier], Meta(max_length=1_000)] | UnsetType = UNSET
    exclude_tables: Annotated[list[Glob], Meta(max_length=1_000)] | UnsetType = UNSET


class TargetPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where it is to go instead; `schema` null lets each schema keep its name."""

    connection_id: ConnectionId | UnsetType = UNSET
    schema: Identifier | UnsetType | None = UNSET
    columns: ColumnChoices | UnsetType = UNSET


class EditMigrationBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a migration before it is started; what is left out stays."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    source: SourcePatch | UnsetType = UNSET
    target: TargetPatch | UnsetType = UNSET
    options: OptionsPatch | UnsetType = UNSET
    notifications: NotificationsBody | UnsetType | None = UNSET


class CheckpointBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a checkpoint is made."""

    reason: Reason | None = None


class RestoreBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to go back to."""

    checkpoint_id: Annotated[str, Meta(min_length=1, max_length=100)]


class RollbackBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to undo a migration, and which part of it.

    `phase` with the scope `phase`: what came from its beginning on. `tables` with the scope
    `tables`: their rows, by `schema.table` of the source.
    """

    strategy: Strategy = "reverse_migration"
    scope: Literal["all", "phase", "tables"] = "all"
    phase: Phase | None = None
    tables: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=1_000)] = []
    verify_after: bool = True
    reason: Reason | None = None

    def refuse_contradiction(self) -> None:
        """Refuse a part that is not named, or that the scope has not; raises InvalidShape."""
        problems = []
        if self.scope == "tables" and not self.tables:
            msg = "Name the tables, as schema.table of the source"
            problems.append(Problem(("body", "tables"), msg, "tables_needed"))
        if self.scope == "phase" and self.phase is None:
            msg = "Name the phase to go back to the beginning of"
            problems.append(Problem(("body", "phase"), msg, "phase_needed"))
        if self.scope != "tables" and self.tables:
            msg = f"Tables say nothing with the scope {self.scope}; it is tables for these alone"
            problems.append(Problem(("body", "tables"), msg, "contradiction"))
        if self.scope != "phase" and self.phase is not None:
            msg = f"A phase says nothing with the scope {self.scope}; it is phase for this one"
            problems.append(Problem(("body", "phase"), msg, "contradiction"))
        if problems:
            raise InvalidShape(problems)


class DeleteQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to keep of a migration that is deleted."""

    keep_logs: bool = True
    keep_metrics: bool = True
