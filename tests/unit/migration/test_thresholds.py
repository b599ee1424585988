"""How many rows may be refused before a migration alerts, pauses or fails."""

import pytest

from sterna_core.journal.local import LocalDecider
from sterna_core.migration import commands as cmd
from sterna_core.migration import error_events as ee
from sterna_core.migration import reports as rep
from sterna_core.migration import state as stages
from sterna_core.migration.set_aside import SetAside
from sterna_core.migration.thresholds import Thresholds
from sterna_core.tasks import work as wk
from support.migration.executors import outstanding
from support.migration.refusing import at_transfer, happened
from support.migration.scenario import MIGRATION_ID


def chunk_copied(decider: LocalDecider, rows: int, refused: int) -> None:
    """Report a chunk in which some rows were refused."""
    task = next(
        task for task in outstanding(decider, MIGRATION_ID) if isinstance(task.work, wk.CopyChunk)
    )
    told = SetAside(
        error_id=f"err_{task.task_id}", error_class="encoding", sqlstate="22P05", rows=refused
    )
    decider.send(
        MIGRATION_ID,
        rep.ReportChunkCopied(
            task_id=task.task_id,
            attempt=task.attempt,
            executor_id="exec_1",
            rows=rows,
            bytes=rows,
            seconds=0.1,
            repeated=False,
            set_aside=(told,),
        ),
        expect_outcome=False,
    )


@pytest.mark.parametrize(
    ("refused", "level", "stage"),
    [
        (5, None, stages.Running),
        (15, "alert", stages.Running),
        (60, "pause", stages.Pausing),
        (150, "fail", stages.Failed),
    ],
)
def test_a_rate_of_refused_rows_alerts_pauses_or_fails(
    refused: int, level: str | None, stage: type
) -> None:
    decider = at_transfer()

    chunk_copied(decider, 1_000 - refused, refused)

    assert isinstance(decider.state(MIGRATION_ID), stage)
    reached = happened(decider, ee.ErrorThresholdReached)
    assert [each.level for each in reached] == ([level] if level else [])


def test_few_rows_make_no_rate() -> None:
    decider = at_transfer()

    chunk_copied(decider, 2, 1)

    assert isinstance(decider.state(MIGRATION_ID), stages.Running)


def test_more_errors_than_may_wait_fail_the_migration_and_a_resume_goes_on() -> None:
    decider = at_transfer(thresholds=Thresholds(max_escalated=2))

    for _ in range(3):
        assert isinstance(decider.state(MIGRATION_ID), stages.Running)
        chunk_copied(decider, 100_000, 1)

    state = decider.state(MIGRATION_ID)
    assert isinstance(state, stages.Failed)
    assert state.code == "error_threshold_exceeded"
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    chunk_copied(decider, 100_000, 1)
    assert isinstance(decider.state(MIGRATION_ID), stages.Running)
