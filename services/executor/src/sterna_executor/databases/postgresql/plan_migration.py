"""Proposes a plan for a migration from PostgreSQL to PostgreSQL."""

import asyncio
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from sterna_core.errors import Misconfigured
from sterna_core.migration.plan import PhasePlan, PlanSummary, Risk, TablePlan
from sterna_core.tasks.work import PlanMigration
from sterna_executor.databases.postgresql.confidence_check import CheckChooser
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.copy_format import FormatChooser
from sterna_executor.databases.postgresql.estimates import phases
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_reader import read_inventory
from sterna_executor.databases.postgresql.mapping import Mapper, transformations
from sterna_executor.databases.postgresql.preflight import examine
from sterna_executor.databases.postgresql.preflight_problem import refuse
from sterna_executor.databases.postgresql.risk import counted, risk
from sterna_executor.databases.postgresql.risks import in_order, risks_of
from sterna_executor.databases.postgresql.sample import Sampler, Sampling
from sterna_executor.databases.postgresql.structure import structure_digest

PART_BYTES = 200 * 1024
TABLE_BYTES = 480 * 1024


class Plan(Struct, frozen=True, kw_only=True):
    """What is proposed: the tables with their mappings, and all that is said of them."""

    tables: tuple[TablePlan, ...]
    summary: PlanSummary
    phases: tuple[PhasePlan, ...]
    risks: tuple[Risk, ...]
    structure_digest: str


async def plan_migration(
    source: Connection,
    target: Connection,
    migration_id: str,
    work: PlanMigration,
    sampling: Sampling | None = None,
) -> Plan:
    """Check both databases and propose a plan; neither is changed.

    Both connections are in no transaction. Raises what `preflight` and `read_inventory` raise.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    inventory = await read_inventory(source, work.selection)
    findings = await examine(source, target, inventory)
    refuse(findings.problems(inventory))
    here, there = findings.source.server, findings.target.server
    formats = FormatChooser(inventory, findings.target.extensions, here, there)
    chooser = CheckChooser(inventory.types, formats, here, there)
    tables = inventory.with_rows
    checks = {table.oid: chooser.of_table(table) for table in tables}
    measured = (
        await Sampler(source, checks, chooser.conversion, sampling).measure(tables)
        if work.mode == "full"
        else {}
    )
    mapper = Mapper(
        migration_id=migration_id, inventory=inventory, target=findings.target, work=work
    )
    plans = tuple(
        mapper.table(table, checks[table.oid], measured.get(table.oid), formats.of_table(table))
        for table in tables
    )
    risks = risks_of(inventory, here, findings.target)
    planned = phases(
        plans,
        planning_seconds=loop.time() - began,
        objects=len(inventory.sequences) + sum(view.materialized for view in inventory.views),
        mode=work.mode,
    )
    return Plan(
        tables=plans,
        summary=_summary(plans, inventory, planned),
        phases=planned,
        risks=in_order([*risks, *_doubts(plans)]),
        structure_digest=structure_digest(inventory),
    )


def _summary(
    plans: tuple[TablePlan, ...], inventory: Inventory, planned: Sequence[PhasePlan]
) -> PlanSummary:
    return PlanSummary(
        tables=len(plans),
        columns=sum(len(plan.columns) for plan in plans),
        relationships=len(inventory.foreign_keys),
        transformations=transformations(plans),
        estimated_duration_seconds=sum(phase.estimated_duration_seconds for phase in planned),
        estimated_records=sum(plan.estimated_rows for plan in plans),
        estimated_bytes=sum(plan.bytes for plan in plans),
    )


def _doubts(plans: tuple[TablePlan, ...]) -> Iterator[Risk]:
    pending = [
        f"{plan.table_id}.{column.source_column}"
        for plan in plans
        for column in plan.columns
        if column.status == "pending"
    ]
    if pending:
        yield risk(
            "high",
            "values_may_not_fit",
            f"{counted(len(pending), 'column')} with values that the target may not be able to hold"
            " wait for approval",
            pending,
            "look at the evidence of each mapping; correct the values on the source, or approve",
        )


def split_tables(
    tables: Sequence[TablePlan], part_bytes: int = PART_BYTES
) -> list[tuple[TablePlan, ...]]:
    """Split the tables into parts of at most about `part_bytes` each, as they are sent.

    Raises Misconfigured for a table that is too wide to be sent at all.
    """
    parts: list[tuple[TablePlan, ...]] = []
    part: list[TablePlan] = []
    size = 0
    for table in tables:
        encoded = len(msgspec.json.encode(table))
        if encoded > TABLE_BYTES:
            raise Misconfigured(
                f"the plan of {table.table_id} takes {encoded:,} bytes, and at most"
                f" {TABLE_BYTES:,} can be sent ({counted(len(table.columns), 'column')}): exclude"
                " the table",
                details={"table": table.table_id, "bytes": encoded},
            )
        if part and size + encoded > part_bytes:
            parts.append(tuple(part))
            part, size = [], 0
        part.append(table)
        size += encoded
    if part:
        parts.append(tuple(part))
    return parts
