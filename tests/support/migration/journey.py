"""Brings a migration of the model world to its end."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from sterna_core.journal.local import LocalDecider
from sterna_core.migration import commands as cmd
from sterna_core.migration import reports as rep
from sterna_core.migration import state as stages
from sterna_core.migration.incremental import TableSync
from support.migration.executors import World, outstanding
from support.migration.scenario import MIGRATION_ID, create, post_object, summary, table

TABLES = ("a", "b", "c")
OBJECTS = (
    post_object("a_pkey", "index", "public.a"),
    post_object("b_pkey", "index", "public.b"),
    post_object("attach", "attach", None),
    post_object("fk", "foreign_key", "public.a"),
    post_object("trigger", "behaviour", "public.a"),
)


def approved(
    decider: LocalDecider,
    command: cmd.CreateMigration | None = None,
    sync: Mapping[str, TableSync] | None = None,
) -> World:
    """Create and plan a migration of three tables; `sync` says how passes go over some of them."""
    decider.send(MIGRATION_ID, command or create())
    (task,) = outstanding(decider, MIGRATION_ID)
    by = {"task_id": task.task_id, "attempt": task.attempt, "executor_id": "exec_1"}
    planned = tuple(
        msgspec.structs.replace(table(name), sync=(sync or {}).get(name)) for name in TABLES
    )
    decider.send(MIGRATION_ID, rep.ReportTablesPlanned(**by, part=0, tables=planned))
    decider.send(
        MIGRATION_ID,
        rep.ReportPlanCompleted(
            **by, parts=1, structure_digest="d", summary=summary(3), phases=(), risks=()
        ),
    )
    return World([f"public.{name}" for name in TABLES], 2, OBJECTS)


def carry_on(decider: LocalDecider, world: World, *, proofs: bool = True) -> None:
    """Carry out what is outstanding until the migration is over or stands still."""
    for _ in range(500):
        if not isinstance(decider.state(MIGRATION_ID), stages.Running):
            return
        tasks = outstanding(decider, MIGRATION_ID)
        if not tasks:
            decider.now += timedelta(seconds=120)
            decider.fire_timers(MIGRATION_ID)
            continue
        for each in world.carry_out(tasks[0]):
            told = each
            if isinstance(each, rep.ReportTableCompared) and not proofs:
                told = msgspec.structs.replace(each, proof=None)
            decider.send(MIGRATION_ID, told, actor="executor:1", expect_outcome=False)
    raise AssertionError("the migration does not come to an end")


def completed(decider: LocalDecider, *, proofs: bool = True) -> LocalDecider:
    """Give the decider with a migration that has come to its end."""
    world = approved(decider)
    decider.send(MIGRATION_ID, cmd.StartMigration())
    carry_on(decider, world, proofs=proofs)
    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    return decider


def events_of(decider: LocalDecider) -> list[Any]:
    """Give the migration's events as their readers decode them."""
    found = []
    for record in decider.events:
        headers = dict(record.headers)
        kind = headers.get("ce_type", b"").decode()
        if not kind or kind.startswith(("term.", "command.")):
            continue
        found.append(decider.codec.event(MIGRATION_ID, kind, record.value))
    return found
