"""Proposes a plan for rows that go into tables which the target has already."""

import asyncio
from collections.abc import Iterator, Sequence

from msgspec import Struct

from sterna_core.migration.plan import CopyFormat, Risk, Selection, TablePlan
from sterna_core.tasks.work import PlanMigration
from sterna_executor.databases.postgresql.boundaries import boundaries
from sterna_executor.databases.postgresql.confidence import Measured
from sterna_executor.databases.postgresql.confidence_check import CheckChooser, ColumnCheck
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.copy_format import FormatChooser
from sterna_executor.databases.postgresql.estimates import phases
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_reader import read_inventory
from sterna_executor.databases.postgresql.inventory_table import Table
from sterna_executor.databases.postgresql.mapping import estimated_rows
from sterna_executor.databases.postgresql.pairing import (
    ColumnPair,
    TablePair,
    pair_columns,
    pair_tables,
)
from sterna_executor.databases.postgresql.partition_pairing import partition_problems
from sterna_executor.databases.postgresql.plan import Plan, doubts, summary
from sterna_executor.databases.postgresql.preflight import Findings, examine
from sterna_executor.databases.postgresql.preflight_problem import Problem, refuse, shown
from sterna_executor.databases.postgresql.preflight_rows import Receiving, read_receiving
from sterna_executor.databases.postgresql.preflight_source import source_problems
from sterna_executor.databases.postgresql.preflight_target import row_target_problems
from sterna_executor.databases.postgresql.risk import counted, risk
from sterna_executor.databases.postgresql.risks import in_order
from sterna_executor.databases.postgresql.risks_of_servers import server_risks
from sterna_executor.databases.postgresql.row_mapping import RowMapper, check_of, without_source
from sterna_executor.databases.postgresql.sample import Sampler, Sampling
from sterna_executor.databases.postgresql.structure import structure_digest

TABLES_AT_MOST = 2_000
"""So many tables of a target are told in one record."""


class _Mapped(Struct, frozen=True):
    tables: TablePair
    columns: tuple[ColumnPair, ...]
    checks: tuple[ColumnCheck, ...]
    copy_format: CopyFormat


async def plan_rows(
    source: Connection,
    target: Connection,
    migration_id: str,
    work: PlanMigration,
    sampling: Sampling | None = None,
) -> Plan:
    """Match the tables and columns of both sides, and propose a plan; neither side is changed.

    Both connections are in no transaction. Raises what `preflight` and `read_inventory` raise.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    inventory = await read_inventory(source, work.selection)
    findings = await examine(source, target, inventory)
    wanted = {inventory.target_schema(table.schema) for table in inventory.with_rows}
    present = tuple(sorted(wanted & findings.target.schemas.keys()))
    there = await read_inventory(target, Selection(schemas=present or ("public",)), "target")
    # Beside the loop: thousands of names take seconds.
    pairs, alone = await asyncio.to_thread(pair_tables, inventory, there)
    receiving = await read_receiving(
        target, [pair.target for pair in pairs], findings.target.server
    )
    chooser = _chooser(inventory, findings)
    mapped = await asyncio.to_thread(
        _map_all, pairs, inventory, there, chooser, findings.source.server.major
    )
    refuse(
        [
            *source_problems(inventory, findings.source),
            *row_target_problems(findings.target),
            *_unmatched(inventory, there, alone, sorted(wanted - set(present))),
            *receiving.problems,
            *_lacking(mapped),
        ]
    )
    checks = {each.tables.source.oid: each.checks for each in mapped}
    measured = await Sampler(source, checks, chooser.checks.conversion, sampling).measure(
        [each.tables.source for each in mapped]
    )
    mapper = RowMapper(migration_id=migration_id, auto_approve_above=work.auto_approve_above)
    by_address = {pair.target.oid: pair.source.id for pair in pairs}
    plans = tuple(
        _plan(each, mapper, measured.get(each.tables.source.oid), work, receiving, by_address)
        for each in mapped
    )
    planned = phases(plans, planning_seconds=loop.time() - began, objects=0, mode="data_only")
    risks = [
        *server_risks(inventory, findings.source.server, findings.target),
        *_risks(plans, pairs),
        *doubts(plans),
    ]
    return Plan(
        tables=plans,
        summary=summary(plans, len(receiving.references), planned),
        phases=planned,
        risks=in_order(risks),
        structure_digest=structure_digest(inventory),
    )


class _Choosers(Struct, frozen=True):
    checks: CheckChooser
    formats: FormatChooser


def _chooser(inventory: Inventory, findings: Findings) -> _Choosers:
    here, there = findings.source.server, findings.target.server
    formats = FormatChooser(inventory, findings.target.extensions, here, there)
    return _Choosers(CheckChooser(inventory.types, formats, here, there), formats)


def _map_all(
    pairs: Sequence[TablePair],
    source: Inventory,
    target: Inventory,
    choosers: _Choosers,
    source_major: int,
) -> list[_Mapped]:
    return [
        _mapped(pair, pair_columns(pair, source, target, source_major=source_major), choosers)
        for pair in pairs
    ]


def _mapped(pair: TablePair, columns: Sequence[ColumnPair], choosers: _Choosers) -> _Mapped:
    copied = [column for column in columns if column.cast is not None]
    checks = tuple(
        check_of(column, text=choosers.checks.tries_text(column.source.type_oid))
        for column in copied
    )
    plain = all(
        choosers.formats.is_binary(column.source.type_oid)
        for column in copied
        if column.target is not None and column.source.type == column.target.type
    )
    as_text = any(column.cast is not None and column.cast.as_text for column in copied)
    return _Mapped(pair, tuple(columns), checks, "binary" if plain and not as_text else "text")


def _plan(
    each: _Mapped,
    mapper: RowMapper,
    measured: Measured | None,
    work: PlanMigration,
    receiving: Receiving,
    by_address: dict[int, str],
) -> TablePlan:
    source, target = each.tables.source, each.tables.target
    rows = estimated_rows(source, measured)
    cut = boundaries(
        pages=source.pages,
        stored_bytes=source.bytes,
        rows=rows,
        chunk_bytes=work.chunk_bytes,
        batch_rows=work.batch_rows,
    )
    waits = receiving.writing.after.get(target.oid, frozenset())
    return TablePlan(
        table_id=source.id,
        source_schema=source.schema,
        source_table=source.name,
        target_schema=target.schema,
        target_table=target.name,
        columns=tuple(mapper.column(each.tables, pair, measured) for pair in each.columns),
        key=source.key,
        copy_format=each.copy_format,
        estimated_rows=rows,
        bytes=source.bytes,
        pages_per_chunk=cut.pages_per_chunk,
        chunks=cut.chunks,
        received=True,
        quiet=target.oid in receiving.writing.quiet,
        after=tuple(sorted(by_address[oid] for oid in waits)),
    )


def _unmatched(
    inventory: Inventory, there: Inventory, alone: Sequence[Table], absent: Sequence[str]
) -> Iterator[Problem]:
    if absent:
        yield Problem(
            "setting",
            f"the target has no schema {shown(absent)} for the rows: name one that is there in"
            " target.schema, or create it with its tables",
        )
    left = [table for table in alone if inventory.target_schema(table.schema) not in absent]
    explained: set[int] = set()
    for addresses, problem in partition_problems(inventory, there, left):
        explained |= addresses
        yield problem
    missing = [table.id for table in left if table.oid not in explained]
    if missing:
        yield Problem(
            "setting",
            f"no table of the target is called like {shown(missing)}: create them there, exclude"
            " them (source.exclude_tables), or use mode full",
        )
    if len(inventory.with_rows) > TABLES_AT_MOST:
        yield Problem(
            "setting",
            f"{len(inventory.with_rows):,} tables are selected, and data_only takes at most"
            f" {TABLES_AT_MOST:,} at once: name fewer schemas, or exclude tables",
        )


def _lacking(mapped: Sequence[_Mapped]) -> Iterator[Problem]:
    lacking = [
        f"{each.tables.target.id}.{column.name}"
        for each in mapped
        for column in without_source(each.tables.target, each.columns)
    ]
    if lacking:
        yield Problem(
            "setting",
            f"{shown(lacking)} of the target take no nulls, have no default, and nothing of the"
            " source goes there: ALTER TABLE … ALTER COLUMN … SET DEFAULT, or DROP NOT NULL",
        )
    empty = [
        each.tables.source.id
        for each in mapped
        if not any(column.cast is not None for column in each.columns)
    ]
    if empty:
        yield Problem(
            "setting",
            f"no column of {shown(empty)} has a counterpart in the target's table: exclude them",
        )


def _risks(plans: Sequence[TablePlan], pairs: Sequence[TablePair]) -> Iterator[Risk]:
    quiet = [f"{plan.target_schema}.{plan.target_table}" for plan in plans if plan.quiet]
    if quiet:
        yield risk(
            "medium",
            "triggers_at_rest",
            f"triggers and foreign keys of {counted(len(quiet), 'table')} of the target do not act"
            " on the rows that are moved; foreign keys are checked when all rows are there",
            quiet,
            "do by hand what the triggers would have done",
        )
    behind = [
        f"{plan.table_id}.{column.source_column}"
        for plan in plans
        for column in plan.columns
        if not column.target_column
    ]
    if behind:
        yield risk(
            "high",
            "columns_left_behind",
            f"{counted(len(behind), 'column')} of the source have no counterpart in the target",
            behind,
            "add them to the target's tables and plan again, or approve to leave their values",
        )
    lossy = [
        f"{plan.table_id}.{column.source_column}"
        for plan in plans
        for column in plan.columns
        if column.score is not None and (column.score.rate or 1.0) < 1 and column.copied
    ]
    if lossy:
        yield risk(
            "high",
            "data_truncation",
            f"{counted(len(lossy), 'column')} hold values that the target's type would change",
            lossy,
            "widen the target's columns, correct the rows that are named, or give a transformation",
        )
    renamed = [f"{p.source.id} to {p.target.id}" for p in pairs if p.source.name != p.target.name]
    if renamed:
        yield risk(
            "low",
            "tables_renamed",
            f"{counted(len(renamed), 'table')} go to tables of another name",
            renamed,
            "look at the mappings",
        )
