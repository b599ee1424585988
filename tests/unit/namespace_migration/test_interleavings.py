"""Commands and reports in any order: what must hold whatever comes when."""

from hypothesis import given, settings
from hypothesis import strategies as some
from tests.support.namespace.namespaces import namespaces
from tests.support.namespace_migration.play import Play

from sterna_core.errors import Rejected
from sterna_core.namespace_migration import commands as cmd
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.evolve import evolve
from sterna_core.namespace_migration.view import NamespaceMigrationView
from sterna_core.tasks import namespace_work as wk

_MOVES = some.sampled_from(
    ["done"] * 12
    + ["late", "transient", "transient", "terminal", "stopped", "wait", "wait", "poison"]
    + ["pause", "stop", "resume", "resume", "cancel", "delete", "start", "claim"]
    + ["rollback", "drop"]
)
_SCRIPTS = some.lists(some.tuples(_MOVES, some.integers(0, 50)), max_size=40)


def _move(play: Play, name: str, number: int) -> None:
    outstanding = play.outstanding()
    old = list(play.delivered.values())
    task = outstanding[number % len(outstanding)] if outstanding else None
    match name:
        case "done" | "poison" if task:
            play.done(task, poison=name == "poison")
        case "late" if old:
            play.done(old[number % len(old)])
        case "transient" | "terminal" if task:
            play.failed(task, transient=name == "transient")
        case "stopped" if old:
            play.stopped(old[number % len(old)])
        case "pause":
            play.try_to(cmd.PauseNamespaceMigration())
        case "stop":
            play.try_to(cmd.PauseNamespaceMigration(immediate=True))
        case "resume":
            play.try_to(cmd.ResumeNamespaceMigration())
        case "cancel" if number % 5 == 0:
            play.try_to(cmd.CancelNamespaceMigration())
        case "rollback" | "drop":
            play.try_to(cmd.RollBackNamespaceMigration(drop_target=name == "drop"))
        case "delete":
            play.try_to(cmd.DeleteNamespaceMigration())
        case "start":
            try:
                play.start()
            except Rejected:
                return
        case _:
            play.wait()


def _figures(view: NamespaceMigrationView) -> tuple[float, ...]:
    return (
        view.percent,
        *(each.progress_percent for each in view.stages.values()),
        *(each.items_completed for each in view.stages.values()),
        *(each.progress_percent for each in view.resources.values()),
    )


def _check(play: Play, before: NamespaceMigrationView | None) -> None:
    after = play.view
    at_work = play.outstanding()
    assert len(at_work) <= 3, "more is at work than max_workers allows"
    assert len({each.task_id for each in at_work}) == len(at_work)
    if isinstance(play.state, st.Absent):
        assert after is None
        return
    assert after == play.state.view, "what is shown is folded as the state is"
    if before is None or after is None:
        return
    if before.started_at is not None:
        assert all(new >= old for old, new in zip(_figures(before), _figures(after), strict=True))
    if before.status in {"completed", "cancelled"}:
        assert after.status == before.status, "an end is final"
    for stage in after.stages.values():
        assert stage.items_completed + stage.items_failed <= stage.items_total
        assert 0 <= stage.progress_percent <= 100
    assert (after.percent >= 100) == (after.status == "completed")


@settings(max_examples=30, deadline=None)
@given(namespaces(), _SCRIPTS)
def test_whatever_comes_in_whatever_order(resources: tuple, script: list[tuple[str, int]]) -> None:  # type: ignore[type-arg]
    play = Play(resources)
    play.create()
    play.start()
    for name, number in script:
        before = play.view
        _move(play, name, number)
        _check(play, before)
    done = [
        (each.collection_id, each.number)
        for each in play.log
        if isinstance(each, ev.BatchCompleted)
    ]
    assert len(done) == len(set(done)), "a batch was completed twice"
    steps = [each.task_id for each in play.log if isinstance(each, ev.StepCompleted)]
    assert len(steps) == len(set(steps)), "a step was completed twice"


@settings(max_examples=12, deadline=None)
@given(namespaces(), _SCRIPTS)
def test_a_migration_that_was_not_ended_can_always_be_brought_to_its_end(
    resources: tuple,  # type: ignore[type-arg]
    script: list[tuple[str, int]],
) -> None:
    play = Play(resources)
    play.create()
    play.start()
    for name, number in script:
        if name not in {"cancel", "delete", "rollback", "drop"}:
            _move(play, name, number)
    for _ in range(5):
        play.try_to(cmd.ResumeNamespaceMigration())
        play.finish()
    assert play.view is not None
    assert play.view.status == "completed"
    collections = sum(each.kind in {"bucket", "collection"} for each in resources)
    batches = [each for each in play.log if isinstance(each, ev.BatchCompleted)]
    assert sum(each.count for each in batches) == collections * 3
    assert play.view.moved + play.view.set_aside == collections * 6


@settings(max_examples=12, deadline=None)
@given(namespaces(), _SCRIPTS, some.booleans(), some.booleans())
def test_whatever_has_happened_an_ended_migration_is_rolled_back_once_and_for_all(
    resources: tuple,  # type: ignore[type-arg]
    script: list[tuple[str, int]],
    drop: bool,
    interrupted: bool,
) -> None:
    play = Play(resources)
    play.create()
    play.start()
    for name, number in script:
        if name != "delete":
            _move(play, name, number)
    while play.view is not None and play.view.status not in {"completed", "failed", "cancelled"}:
        play.try_to(cmd.ResumeNamespaceMigration())
        play.finish()
    play.finish()
    assert play.view is not None
    status = play.view.status
    again = cmd.RollBackNamespaceMigration(drop_target=drop)
    play.try_to(again)
    if interrupted and (outstanding := play.outstanding()):
        play.failed(outstanding[0], transient=False)
        play.give(again)
    play.finish()
    assert (play.view.status, play.view.phase) == (status, "rolled_back")
    assert isinstance(play.state, st.RolledBack)
    assert play.state.dropped >= (drop or status != "completed")
    assert play.give(again) == ()
    assert play.try_to(cmd.ResumeNamespaceMigration()) is None
    last = [each for each in play.delivered.values() if isinstance(each.work, wk.RollBack)][-1]
    assert last.epoch == max(each.epoch for each in play.delivered.values())


@settings(max_examples=12, deadline=None)
@given(namespaces(), _SCRIPTS)
def test_the_same_again_changes_nothing(resources: tuple, script: list[tuple[str, int]]) -> None:  # type: ignore[type-arg]
    play = Play(resources)
    play.create()
    play.start()
    for name, number in script:
        outstanding = play.outstanding()
        if name == "done" and outstanding:
            task = outstanding[number % len(outstanding)]
            play.done(task)
            said = len(play.log)
            play.done(task)
            assert len(play.log) == said or isinstance(task.work, wk.PlanBatches)
            assert len(play.log) == said
            continue
        _move(play, name, number)
        for again in (cmd.PauseNamespaceMigration(), cmd.CancelNamespaceMigration()):
            paused = isinstance(play.state, st.Pausing | st.Paused)
            ended = isinstance(play.state, st.Cancelling | st.Cancelled)
            if (paused and isinstance(again, cmd.PauseNamespaceMigration)) or (
                ended and isinstance(again, cmd.CancelNamespaceMigration)
            ):
                assert play.give(again) == ()


@given(namespaces(), _SCRIPTS)
@settings(max_examples=10, deadline=None)
def test_the_state_follows_from_the_events_alone(
    resources: tuple,  # type: ignore[type-arg]
    script: list[tuple[str, int]],
) -> None:
    play = Play(resources)
    play.create()
    play.start()
    for name, number in script:
        _move(play, name, number)
    state: st.State = st.Absent()
    for event in play.log:
        state = evolve(state, event)
    assert state == play.state
