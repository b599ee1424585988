"""How events change the mappings of a plan: the same for the decider's state and for readers."""

import hashlib

import msgspec
from msgspec.structs import replace

from sterna_core.migration.events import MappingReviewed
from sterna_core.migration.plan import ColumnMapping, TablePlan, Trial
from sterna_core.migration.review_events import (
    MappingCommented,
    TransformationAccepted,
    TransformationProposed,
    TransformationRefused,
)

MappingEvent = (
    MappingReviewed
    | MappingCommented
    | TransformationProposed
    | TransformationAccepted
    | TransformationRefused
)


def changed_table(table: TablePlan, event: MappingEvent) -> TablePlan:
    """Give a table's plan after one of its mappings was changed."""
    columns = tuple(
        _changed(column, event) if column.mapping_id == event.mapping_id else column
        for column in table.columns
    )
    return replace(table, columns=columns)


def next_digest(digest: str, *changes: object) -> str:
    """Give the digest of a plan after changes: of what it was, and of what was changed."""
    changed = msgspec.json.encode([digest, *changes])
    return hashlib.sha256(changed).hexdigest()


def _changed(column: ColumnMapping, event: MappingEvent) -> ColumnMapping:
    match event:
        case MappingReviewed():
            return replace(
                column,
                status="approved" if event.approved else "rejected",
                comment=event.comment if event.comment is not None else column.comment,
                reviewed_by=event.by,
                trial=None
                if column.trial is not None and column.trial.status == "running"
                else column.trial,
            )
        case MappingCommented():
            return replace(column, comment=event.comment)
        case TransformationProposed():
            trial = Trial(number=event.number, expression=event.expression, status="running")
            comment = event.comment if event.comment is not None else column.comment
            return replace(column, status="pending", trial=trial, comment=comment)
        case TransformationAccepted() if _is_of(column, event.number):
            trial = replace(
                column.trial or Trial(number=event.number, expression="", status="accepted"),
                status="accepted",
                rows=event.rows,
                whole=event.whole,
            )
            return replace(
                column,
                status="approved",
                transformation=event.transformation,
                overridden=True,
                reviewed_by=event.by,
                trial=trial,
            )
        case TransformationRefused() if _is_of(column, event.number):
            trial = replace(
                column.trial or Trial(number=event.number, expression="", status="refused"),
                status="refused",
                rows=event.rows,
                failed=event.failed,
                code=event.code,
                reason=event.reason,
            )
            return replace(column, trial=trial)
        case _:
            return column


def _is_of(column: ColumnMapping, number: int) -> bool:
    return column.trial is not None and column.trial.number == number
