"""How each event changes the state. It never refuses: what happened has happened."""

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from sterna_core.migration import events as ev
from sterna_core.migration import state as st
from sterna_core.migration.deletion import MigrationDeleted
from sterna_core.migration.evolve_agenda import keep_agenda
from sterna_core.migration.evolve_edit import edited
from sterna_core.migration.evolve_restore import begun, restoring
from sterna_core.migration.evolve_review import evolve_review, with_digest
from sterna_core.migration.evolve_run import dispatched, evolve_run, first_run, waiting
from sterna_core.migration.evolve_undo import has_ledger, undoing, undoing_ended
from sterna_core.migration.evolve_validation import keep_validation
from sterna_core.migration.revision import MigrationEdited
from sterna_core.migration.run import Plan, Run
from sterna_core.migration.undo import RollbackRequested
from sterna_core.migration.undo_events import UndoRequested


def evolve(state: st.State, event: ev.AnyEvent) -> st.State:
    """Give the state after an event; an event that does not fit the stage changes nothing."""
    return keep_validation(keep_agenda(state, _stage(state, event), event), event)


def _stage(state: st.State, event: ev.AnyEvent) -> st.State:
    match state:
        case st.Absent():
            if isinstance(event, ev.MigrationCreated):
                return st.Planning(about=event.about, round=1)
            return state
        case _ if isinstance(event, MigrationDeleted):
            return st.Absent(deleted=True)
        case st.Planning():
            return _planning(state, event)
        case st.PlanFailed():
            if isinstance(event, ev.MigrationResumed):
                return st.Planning(about=state.about, round=state.round + 1)
            return _ended(state, event)
        case st.PlanReady() | st.Approved():
            return _planned(state, event)
        case st.Running() | st.Pausing() | st.Paused() | st.Failed():
            return _active(state, event)
        case st.Restoring():
            return restoring(state, event)
        case st.Cancelling() | st.RollingBack() | st.RollbackBlocked():
            return _ending(state, event)
        case st.Cancelled() | st.Completed() if isinstance(event, RollbackRequested):
            return undoing_ended(state, event)
        case st.Cancelled() | st.RolledBack() | st.Completed():
            return state
    assert_never(state)


def _ended(state: st.Planning | st.PlanFailed, event: ev.AnyEvent) -> st.State:
    if isinstance(event, MigrationEdited):
        return edited(state, event)
    if isinstance(event, ev.MigrationCancelled):
        return st.Cancelled(about=state.about)
    return state


def _planning(state: st.Planning, event: ev.AnyEvent) -> st.State:
    match event:
        case ev.PlanBegun():
            return replace(state, begun=True)
        case ev.TaskDispatched():
            assignment = dispatched(state.jobs.get(event.task_id), event)
            return replace(state, jobs={event.task_id: assignment}, tables={}, parts=0)
        case ev.TaskRetryScheduled():
            jobs = waiting(state.jobs, event.task_id, event.ready_at, event.failures)
            return replace(state, jobs=jobs)
        case ev.PlanTablesAdded():
            tables = dict(state.tables)
            for table in event.tables:
                known = tables.get(table.table_id)
                tables[table.table_id] = (
                    replace(known, columns=known.columns + table.columns) if known else table
                )
            return replace(state, tables=tables, parts=event.part + 1)
        case ev.PlanCompleted():
            plan = Plan(
                tables=state.tables,
                digest=event.digest,
                structure_digest=event.structure_digest,
                summary=event.summary,
                phases=event.phases,
                risks=event.risks,
                round=state.round,
            )
            return st.PlanReady(about=state.about, plan=plan, round=state.round)
        case ev.MigrationFailed():
            return st.PlanFailed(about=state.about, round=state.round, code=event.code)
        case _:
            return _ended(state, event)


def _planned(state: st.PlanReady | st.Approved, event: ev.AnyEvent) -> st.State:
    match event:
        case ev.PlanApproved():
            plan = with_digest(_all_approved(state.plan), event.digest)
            return st.Approved(about=state.about, plan=plan, round=state.round, review=state.review)
        case MigrationEdited():
            return edited(state, event)
        case ev.MigrationStarted():
            run = first_run(state.plan, event, state.about.options.mode)
            return st.Running(about=state.about, plan=state.plan, run=run)
        case ev.MigrationCancelled():
            return st.Cancelled(about=state.about)
        case ev.MigrationFailed():
            return st.PlanFailed(about=state.about, round=state.round, code=event.code)
        case _:
            return evolve_review(state, event)


def _all_approved(plan: Plan) -> Plan:
    tables = {
        table_id: table
        if all(column.status == "approved" for column in table.columns)
        else replace(
            table, columns=tuple(replace(column, status="approved") for column in table.columns)
        )
        for table_id, table in plan.tables.items()
    }
    return replace(plan, tables=tables)


def _active(state: st.ActiveState, event: ev.AnyEvent) -> st.State:
    run = evolve_run(state.run, event)
    about, plan = state.about, state.plan
    match event:
        case ev.PauseRequested():
            return st.Pausing(about=about, plan=plan, run=run)
        case ev.MigrationPaused():
            return st.Paused(about=about, plan=plan, run=run, since=event.at)
        case ev.MigrationResumed():
            return st.Running(about=about, plan=plan, run=_resumed(run, event.at))
        case ev.MigrationFailed(phase="planning"):
            return st.PlanFailed(about=about, round=plan.round, code=event.code)
        case ev.MigrationFailed():
            return st.Failed(about=about, plan=plan, run=run, since=event.at, code=event.code)
        case ev.CancelRequested():
            return st.Cancelling(about=about, plan=plan, run=run, rollback=event.rollback)
        case RollbackRequested():
            return undoing(state, event)
        case UndoRequested() if isinstance(state, st.Paused | st.Failed):
            return begun(state, event)
        case ev.MigrationCancelled():
            return st.Cancelled(about=about, epoch=run.epoch, ledger=has_ledger(about, run))
        case ev.MigrationCompleted():
            return st.Completed(about=about, epoch=run.epoch, ledger=has_ledger(about, run))
        case _:
            return replace(state, run=run)


def _resumed(run: Run, at: datetime) -> Run:
    return replace(run, resumed_at=at, awaits_errors=False)


def _ending(state: st.EndingState, event: ev.AnyEvent) -> st.State:
    run = evolve_run(state.run, event)
    match event:
        case ev.CancelRequested():
            return st.Cancelling(
                about=state.about, plan=state.plan, run=run, rollback=event.rollback
            )
        case RollbackRequested():
            return undoing(state, event)
        case ev.RollbackStarted() if isinstance(state, st.Cancelling):
            return st.RollingBack(
                about=state.about,
                plan=state.plan,
                run=run,
                strategy=state.strategy,
                verify=state.verify,
                ledger=state.ledger,
            )
        case ev.RollbackFailed():
            return st.RollbackBlocked(about=state.about, plan=state.plan, run=run)
        case ev.RollbackCompleted():
            return st.RolledBack(about=state.about)
        case ev.MigrationCancelled():
            return st.Cancelled(
                about=state.about, epoch=run.epoch, ledger=has_ledger(state.about, run)
            )
        case _:
            return replace(state, run=run)
