"""What was being taken back when that was given up: nobody knows whether it is there."""

import pytest
from tests.unit.migration.test_restoring import (
    failure,
    finish,
    mark,
    pause,
    paused_at,
    settle,
    standing,
    until,
)

from sterna_core.journal.local import LocalDecider
from sterna_core.migration import commands as cmd
from sterna_core.migration import state as stages
from sterna_core.migration.checkpoint import RestoreCheckpoint
from sterna_core.migration.doubt import tables_in_doubt
from sterna_core.migration.status import status_of
from sterna_core.migration.undo import RollBackMigration
from sterna_core.tasks.undo_work import DropObjects, UndoRows
from support.migration.executors import World, outstanding
from support.migration.journey import OBJECTS
from support.migration.scenario import MIGRATION_ID

KINDS = (DropObjects, UndoRows)


def given_up(decider: LocalDecider, world: World, kind: type) -> None:
    """Take something back as an executor does that dies before it tells; the others give up."""
    until(decider, world, lambda: isinstance(outstanding(decider, MIGRATION_ID)[0].work, kind))
    silent = outstanding(decider, MIGRATION_ID)[0]
    world.carry_out(silent)
    decider.send(MIGRATION_ID, failure(silent, transient=False), expect_outcome=False)
    assert status_of(decider.state(MIGRATION_ID)) == "failed"


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_taken_back_and_not_told_is_made_again_by_a_resume(kind: type) -> None:
    decider, world = paused_at(1)
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    until(decider, world, lambda: "a_pkey" in world.built)
    pause(decider, world)
    decider.send(MIGRATION_ID, RollBackMigration(scope="tables", tables=("public.a",)))
    given_up(decider, world, kind)
    assert "a_pkey" not in world.built

    finish(decider, world)

    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.target == world.source
    assert sorted(world.built) == sorted(each.object_id for each in OBJECTS)
    assert len(world.receipts) == 6


@pytest.mark.parametrize("kind", KINDS)
def test_a_restore_that_was_given_up_leads_to_the_checkpoint_when_it_is_asked_for_again(
    kind: type,
) -> None:
    decider, world = paused_at(1)
    checkpoint, then = mark(decider), standing(world)
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    until(decider, world, lambda: "a_pkey" in world.built)
    pause(decider, world)
    decider.send(MIGRATION_ID, RestoreCheckpoint(checkpoint_id=checkpoint))
    given_up(decider, world, kind)

    decider.send(MIGRATION_ID, RestoreCheckpoint(checkpoint_id=checkpoint))
    settle(decider, world)

    assert status_of(decider.state(MIGRATION_ID)) == "paused"
    assert standing(world) == then
    finish(decider, world)
    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.target == world.source


def test_a_table_is_in_doubt_until_every_chunk_of_it_was_told_anew() -> None:
    decider, world = paused_at(1)
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    until(decider, world, lambda: world.copies == 6)
    pause(decider, world)
    decider.send(MIGRATION_ID, RollBackMigration(scope="tables", tables=("public.a",)))
    given_up(decider, world, UndoRows)
    failed = decider.state(MIGRATION_ID)
    assert isinstance(failed, stages.Failed)
    assert tables_in_doubt(failed.run, failed.plan) == ("public.a",)

    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    until(decider, world, lambda: len(world.receipts) == 6)
    pause(decider, world)

    paused = decider.state(MIGRATION_ID)
    assert isinstance(paused, stages.Paused)
    assert tables_in_doubt(paused.run, paused.plan) == ()
