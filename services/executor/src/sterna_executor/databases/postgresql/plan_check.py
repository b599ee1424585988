"""Compares a plan with the databases as they are now; nothing is written."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec
from msgspec import Struct

from sterna_core.errors import Terminal
from sterna_core.migration.review import Difference, Rehearsal, RehearsedTransformation
from sterna_core.tasks.work import CheckPlan, CreateSchema
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.differences import differences
from sterna_executor.databases.postgresql.inventory_reader import read_inventory
from sterna_executor.databases.postgresql.plan_migration import plan_migration
from sterna_executor.databases.postgresql.trial import try_transformation

STRUCTURE_CHANGED = "structure_changed"
PROBLEMS_MAX = 50


class PlanChecked(Struct, frozen=True, kw_only=True):
    """In what the source differs from the plan, and what a rehearsal found."""

    differences: tuple[Difference, ...]
    rehearsal: Rehearsal | None = None


async def check_plan(done: Assignment, work: CheckPlan) -> PlanChecked:
    """Compare, and rehearse where that is asked for. Raises what reading an inventory raises."""
    async with done.source.session() as source:
        inventory = await read_inventory(source, work.plan.selection)
    found = differences(inventory, work.structure_digest, work.planned, whole=work.planned_whole)
    if not work.rehearsal:
        return PlanChecked(differences=found)
    return PlanChecked(differences=found, rehearsal=await _rehearse(done, work))


async def _rehearse(done: Assignment, work: CheckPlan) -> Rehearsal:
    try:
        async with done.target.session() as target, done.source.session() as source:
            plan = await plan_migration(source, target, done.migration_id, work.plan)
    except Terminal as error:
        problems = error.details.get("problems") or [error.message]
        return Rehearsal(problems=tuple(str(each) for each in problems[:PROBLEMS_MAX]))
    tried = []
    for each in work.overrides:
        outcome = await try_transformation(done.source, each)
        tried.append(
            RehearsedTransformation(
                mapping_id=each.mapping_id,
                table=f"{each.source_schema}.{each.source_table}",
                column=each.column,
                rows=outcome.rows,
                failed=outcome.failed if outcome.code is None else max(outcome.failed, 1),
            )
        )
    return Rehearsal(
        problems=tuple(
            f"the transformation of {each.table}.{each.column} fails on the rows of today"
            for each in tried
            if each.failed
        ),
        tables=plan.summary.tables,
        columns=plan.summary.columns,
        mappings_pending=sum(
            column.status != "approved" for table in plan.tables for column in table.columns
        ),
        estimated_records=plan.summary.estimated_records,
        estimated_bytes=plan.summary.estimated_bytes,
        estimated_duration_seconds=plan.summary.estimated_duration_seconds,
        transformations=tuple(tried),
    )


@asynccontextmanager
async def telling_differences(done: Assignment, work: CreateSchema) -> AsyncGenerator[None]:
    """Let an error that says that the source was changed say in what."""
    try:
        yield
    except Terminal as error:
        if error.code == STRUCTURE_CHANGED:
            async with done.source.session() as source:
                inventory = await read_inventory(source, work.selection)
            found = differences(
                inventory, work.structure_digest, work.planned, whole=work.planned_whole
            )
            error.details["differences"] = [msgspec.json.encode(each).decode() for each in found]
        raise
