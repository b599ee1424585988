"""Proposes a plan for a migration from PostgreSQL to PostgreSQL."""

import asyncio

from msgspec.structs import replace

from sterna_core.migration.plan import MOVES_EVERYTHING
from sterna_core.tasks.work import PlanMigration
from sterna_executor.databases.postgresql.change_columns import choose_strategies
from sterna_executor.databases.postgresql.confidence_check import CheckChooser
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.copy_format import FormatChooser
from sterna_executor.databases.postgresql.estimates import phases
from sterna_executor.databases.postgresql.inventory_reader import read_inventory
from sterna_executor.databases.postgresql.mapping import Mapper
from sterna_executor.databases.postgresql.plan import Plan, doubts, summary
from sterna_executor.databases.postgresql.plan_rows import plan_rows
from sterna_executor.databases.postgresql.preflight import examine
from sterna_executor.databases.postgresql.preflight_problem import refuse
from sterna_executor.databases.postgresql.risks import in_order, risks_of
from sterna_executor.databases.postgresql.sample import Sampler, Sampling
from sterna_executor.databases.postgresql.structure import structure_digest


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
    if work.mode == "data_only":
        return await plan_rows(source, target, migration_id, work, sampling)
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
        if work.mode in MOVES_EVERYTHING
        else {}
    )
    mapper = Mapper(
        migration_id=migration_id, inventory=inventory, target=findings.target, work=work
    )
    plans = tuple(
        mapper.table(table, checks[table.oid], measured.get(table.oid), formats.of_table(table))
        for table in tables
    )
    if work.incremental is not None:
        chosen = await choose_strategies(source, tables, work.incremental)
        plans = tuple(
            replace(plan, sync=chosen[table.oid]) for plan, table in zip(plans, tables, strict=True)
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
        summary=summary(plans, len(inventory.foreign_keys), planned),
        phases=planned,
        risks=in_order([*risks, *doubts(plans)]),
        structure_digest=structure_digest(inventory),
    )
