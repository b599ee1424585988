"""What the log says of events."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.support.namespace.namespaces import namespaces
from tests.support.namespace_migration.play import BEGIN, Play

from sterna_core.migration.events import TaskWithdrawn
from sterna_core.migration.narrate import LogEntry, ProgressEntry
from sterna_core.namespace_migration import commands as cmd
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration.batch import Poison
from sterna_core.namespace_migration.job import AnyJob, Job
from sterna_core.namespace_migration.narrate import narrate

SILENT = (
    ev.JobDispatched,
    ev.JobStopped,
    ev.ResourcesRecorded,
    ev.BatchesPlanned,
    TaskWithdrawn,
)
"""What says nothing by itself: another event says what came of it."""


@settings(max_examples=10, deadline=None)
@given(namespaces(), some.booleans())
def test_every_event_that_means_something_has_a_line(resources: tuple, drop: bool) -> None:  # type: ignore[type-arg]
    play = Play(resources)
    play.create()
    play.start()
    play.finish()
    play.give(cmd.RollBackNamespaceMigration(drop_target=drop))
    play.finish()
    for event in play.log:
        lines = narrate(event)
        assert bool(lines) != isinstance(event, SILENT), event
        for each in lines:
            assert isinstance(each, LogEntry | ProgressEntry)
            if isinstance(each, LogEntry):
                assert each.message
                assert each.timestamp == event.at
    assert set(SILENT) < set(get_args(ev.AnyEvent))


@pytest.mark.parametrize("kind", get_args(AnyJob))
def test_every_job_that_is_done_has_words(kind: type[Job]) -> None:
    values: dict[str, Any] = {
        "number": 1,
        "count": 2,
        "epoch": 1,
        "drops_target": True,
        **dict.fromkeys(("resource_id", "collection_id", "cluster_id"), "x"),
        **dict.fromkeys(("taxonomy_id", "retriever_id", "feature_uri"), "x"),
    }
    job = kind(**{name: values[name] for name in kind.__struct_fields__})
    (line,) = narrate(ev.StepCompleted(at=BEGIN, task_id="tsk_1", job=job))  # type: ignore[arg-type]
    assert isinstance(line, LogEntry)
    assert line.message


def test_what_was_set_aside_is_told_with_one_of_its_reasons() -> None:
    poison = Poison(document_id="doc_1", code="unreadable", reason="No text.")
    event = ev.BatchCompleted(
        at=BEGIN,
        task_id="tsk_1",
        collection_id="col_1",
        number=2,
        documents=3,
        set_aside=1,
        poison=(poison,),
        batches=4,
        moved=11,
        percent=68.75,
    )
    line, progress = narrate(event)
    assert isinstance(line, LogEntry)
    assert line.level == "warning"
    assert (line.message, line.code, line.resource) == (
        "Batch 3/4 complete; 1 documents set aside, such as doc_1: No text.",
        "unreadable",
        "col_1",
    )
    assert isinstance(progress, ProgressEntry)
    assert (progress.percent, progress.records_processed) == (68.75, 11)


def test_batches_that_were_moved_together_are_told_together() -> None:
    where = {"task_id": "tsk_1", "collection_id": "col_1", "batches": 20}
    done: dict[str, Any] = {"number": 2, "count": 4, "documents": 40, "set_aside": 0}
    line, _ = narrate(ev.BatchCompleted(at=BEGIN, **where, **done))  # type: ignore[arg-type]
    assert isinstance(line, LogEntry)
    assert (line.message, line.level) == ("Batches 3 to 6/20 complete", "info")


def test_a_switch_says_where_each_alias_leads() -> None:
    job_event = ev.NamespaceMigrationRolledBack(
        at=BEGIN, task_id="tsk_1", aliases={"live": "ns_1", "old": ""}, drops_target=False
    )
    (line,) = narrate(job_event)
    assert isinstance(line, LogEntry)
    assert line.message == "Rolled back: aliases are where they were: live → ns_1, old → nothing"
