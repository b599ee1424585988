"""Checks both databases before anything is planned or written."""

from msgspec import Struct

from sterna_core.migration.plan import Risk
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.preflight_conflict import conflict_problems
from sterna_executor.databases.postgresql.preflight_problem import Problem, refuse
from sterna_executor.databases.postgresql.preflight_source import (
    SourceFacts,
    read_source,
    source_problems,
)
from sterna_executor.databases.postgresql.preflight_target import target_problems
from sterna_executor.databases.postgresql.preflight_target_facts import TargetFacts, read_target
from sterna_executor.databases.postgresql.risks import risks_of


class Findings(Struct, frozen=True, kw_only=True):
    """What is known of both sides."""

    source: SourceFacts
    target: TargetFacts

    def problems(self, inventory: Inventory) -> tuple[Problem, ...]:
        """Tell all that stands in the way."""
        return (
            *source_problems(inventory, self.source),
            *target_problems(inventory, self.target, self.source.server),
            *conflict_problems(inventory, self.source.index_names, self.target.names),
        )


async def preflight(
    source: Connection, target: Connection, inventory: Inventory
) -> tuple[Risk, ...]:
    """Check that the migration can be carried out, and say what may go wrong or be lost.

    Raises MissingRight, TargetConflict or Misconfigured for all problems at once; each names the
    missing right or setting and the statement that gives it.
    """
    findings = await examine(source, target, inventory)
    refuse(findings.problems(inventory))
    return risks_of(inventory, findings.source.server, findings.target)


async def examine(source: Connection, target: Connection, inventory: Inventory) -> Findings:
    """Read what the checks need from both sides."""
    return Findings(
        source=await read_source(source, inventory), target=await read_target(target, inventory)
    )
