"""Migrations whose target refuses rows, and those who decide on them."""

from typing import Any

from sterna_core.journal.decision import DecisionReader
from sterna_core.journal.local import LocalDecider
from sterna_core.journal.terms import Position
from sterna_core.migration import commands as cmd
from sterna_core.migration import error_events as ee
from sterna_core.migration import reports as rep
from sterna_core.migration import state as stages
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.migration.error_commands import ResolveError
from sterna_core.migration.error_events import Resolution
from sterna_core.migration.replacement import (
    AnyReplacement,
)
from sterna_core.tasks import work as wk
from support.migration.executors import World, outstanding
from support.migration.scenario import MIGRATION_ID, create, summary, table

TABLES = ("a", "b")
IDS = tuple(f"public.{name}" for name in TABLES)


def started(*, chunks: int = 2, rows: int = 4, **options: object) -> tuple[LocalDecider, World]:
    decider = LocalDecider([MIGRATIONS])
    decider.send(MIGRATION_ID, create(**options))
    (task,) = outstanding(decider, MIGRATION_ID)
    by = {"task_id": task.task_id, "attempt": task.attempt, "executor_id": "exec_1"}
    planned = tuple(table(name, chunks=chunks, rows=rows) for name in TABLES)
    decider.send(MIGRATION_ID, rep.ReportTablesPlanned(**by, part=0, tables=planned))
    decider.send(
        MIGRATION_ID,
        rep.ReportPlanCompleted(
            **by, parts=1, structure_digest="d", summary=summary(2), phases=(), risks=()
        ),
    )
    decider.send(MIGRATION_ID, cmd.StartMigration())
    return decider, World(IDS, chunks)


def happened(decider: LocalDecider, kind: type) -> list[Any]:
    decisions = DecisionReader({0: Position()}).feed(decider.events)
    return [
        event
        for decision in decisions
        for event in decision.events(decider.codec)
        if isinstance(event, kind)
    ]


def rest(decider: LocalDecider, world: World) -> stages.State:
    """Let executors work until nothing is outstanding but the snapshot."""
    for _ in range(300):
        tasks = outstanding(decider, MIGRATION_ID)
        if not tasks:
            return decider.state(MIGRATION_ID)
        for each in world.carry_out(tasks[0]):
            decider.send(MIGRATION_ID, each, actor="executor:1", expect_outcome=False)
    raise AssertionError("executors never rest")


def decide(
    decider: LocalDecider,
    error_id: str,
    resolution: Resolution,
    replacement: AnyReplacement | None = None,
) -> str | None:
    command = ResolveError(
        error_id=error_id, resolution=resolution, reason="because", replacement=replacement
    )
    outcome = decider.send(MIGRATION_ID, command)
    assert outcome is not None
    return outcome.rejected.code if outcome.rejected else None


def errors(decider: LocalDecider) -> dict[str, str]:
    state = decider.state(MIGRATION_ID)
    assert isinstance(state, stages.Running | stages.Pausing | stages.Paused | stages.Failed)
    return {key: error.standing for key, error in state.run.errors.items()}


def awaiting(decider: LocalDecider, world: World) -> str:
    state = rest(decider, world)
    assert isinstance(state, stages.Paused)
    assert state.run.awaits_errors
    (error_id,) = errors(decider)
    return error_id


def at_transfer(**options: object) -> LocalDecider:
    decider, world = started(chunks=8, **options)
    while not any(
        isinstance(task.work, wk.CopyChunk) for task in outstanding(decider, MIGRATION_ID)
    ):
        for each in world.carry_out(outstanding(decider, MIGRATION_ID)[0]):
            decider.send(MIGRATION_ID, each, expect_outcome=False)
    return decider


def table_of(decider: LocalDecider, error_id: str) -> str:
    return next(
        each.table_id for each in happened(decider, ee.ErrorEscalated) if each.error_id == error_id
    )
