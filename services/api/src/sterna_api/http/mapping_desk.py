"""Where reviews of mappings are handed in, and where what became of them is waited for."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from sterna_api.http.command_desk import CommandDesk, Ticket
from sterna_api.http.entity_tag import wanted_digests
from sterna_api.http.plan_answers import MappingShown, mappings_of
from sterna_api.http.problem import InvalidShape, Location, Problem
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found
from sterna_api.projections.migrations import KnownMigration, Migrations
from sterna_core.errors import Rejected
from sterna_core.expression.vetting import ExpressionRefused, vet_expression
from sterna_core.journal.outcome import Outcome
from sterna_core.migration.plan import TablePlan
from sterna_core.migration.review_commands import (
    ChooseColumns,
    MappingReview,
    ReviewMappings,
    WantedColumn,
)

TRIAL_SECONDS = 5.0
"""How long an answer waits for a transformation that is being tried."""
PLAN_SECONDS = 5.0
"""How long an answer waits for a plan that is being made again."""
_POLL_SECONDS = 0.05


class MappingDesk:
    """Hands in reviews, with every expression vetted before anything happens."""

    def __init__(self, desk: CommandDesk, migrations: Migrations, writes: ReadYourWrites) -> None:
        self._desk = desk
        self._migrations = migrations
        self._writes = writes

    async def hand_in(
        self,
        request: web.Request,
        ticket: Ticket,
        migration_id: str,
        reviews: Sequence[tuple[MappingReview, Location]],
    ) -> Outcome:
        """Review mappings, all or none.

        Raises InvalidShape with an entry for each expression that may not be run, NotFound, and
        what the decision is refused with.
        """
        org_id = ticket.caller.org_id
        if any(review.override_transformation is not None for review, _ in reviews):
            await self._writes.catch_up_with(org_id, migration_id)
            await self._vet(org_id, migration_id, reviews)
        command = ReviewMappings(
            reviews=tuple(review for review, _ in reviews), plan_digests=wanted_digests(request)
        )
        return await self._desk.hand_in(ticket, migration_id, command)

    async def choose(
        self,
        request: web.Request,
        ticket: Ticket,
        migration_id: str,
        columns: tuple[WantedColumn, ...],
    ) -> Outcome:
        """Let columns go elsewhere, which makes the plan anew; raises what that is refused with."""
        command = ChooseColumns(columns=columns, plan_digests=wanted_digests(request))
        outcome = await self._desk.hand_in(ticket, migration_id, command)
        await self._planned(ticket.caller.org_id, migration_id, outcome)
        return outcome

    async def _planned(self, org_id: str, migration_id: str, outcome: Outcome) -> None:
        """Wait until there is a plan again; raises Rejected where there is none."""
        await self._writes.reach(outcome.position)
        deadline = asyncio.get_running_loop().time() + PLAN_SECONDS
        while True:
            known = await self._migrations.find(org_id, migration_id)
            if known is None or known.view.summary is not None or known.view.status == "failed":
                return
            if asyncio.get_running_loop().time() > deadline:
                raise Rejected(
                    "plan_not_ready",
                    "The choice is taken, and the plan is being made again: read it in a moment.",
                )
            await asyncio.sleep(_POLL_SECONDS)

    async def plan(
        self, org_id: str, migration_id: str
    ) -> tuple[KnownMigration, tuple[TablePlan, ...]]:
        """Give a migration with its plan; raises NotFound, and Rejected while there is no plan."""
        known = await self._migrations.find(org_id, migration_id)
        if known is None:
            raise not_found("migration")
        if known.view.summary is None:
            raise Rejected("plan_not_ready", "There is no plan yet.")
        return known, await self._migrations.plan_tables(org_id, migration_id)

    async def mapping(
        self, org_id: str, migration_id: str, mapping_id: str
    ) -> tuple[KnownMigration, MappingShown]:
        """Give one mapping; raises NotFound, and Rejected while there is no plan."""
        known, tables = await self.plan(org_id, migration_id)
        for shown in mappings_of(tables):
            if shown.id == mapping_id:
                return known, shown
        raise not_found("mapping")

    async def settled(
        self, org_id: str, migration_id: str, mapping_id: str, outcome: Outcome
    ) -> tuple[KnownMigration, MappingShown]:
        """Give a mapping as a review has left it: after its trial, if that ends soon."""
        await self._writes.reach(outcome.position)
        deadline = asyncio.get_running_loop().time() + TRIAL_SECONDS
        while True:
            known, shown = await self.mapping(org_id, migration_id, mapping_id)
            running = shown.trial is not None and shown.trial.status == "running"
            if not running or asyncio.get_running_loop().time() > deadline:
                # The mapping may have been read later than the plan that it belongs to.
                return await self._migrations.find(org_id, migration_id) or known, shown
            await asyncio.sleep(_POLL_SECONDS)

    async def _vet(
        self,
        org_id: str,
        migration_id: str,
        reviews: Sequence[tuple[MappingReview, Location]],
    ) -> None:
        _, tables = await self.plan(org_id, migration_id)
        table_of = {column.mapping_id: table for table in tables for column in table.columns}
        problems = []
        for review, loc in reviews:
            table = table_of.get(review.mapping_id)
            if table is None:
                raise not_found("mapping")
            if review.override_transformation is None:
                continue
            try:
                vet_expression(
                    review.override_transformation,
                    columns=[column.source_column for column in table.columns],
                    table=table.source_table,
                )
            except ExpressionRefused as refused:
                where = (*loc, "override_transformation")
                problems.append(Problem(where, refused.message, refused.code))
        if problems:
            raise InvalidShape(problems)
