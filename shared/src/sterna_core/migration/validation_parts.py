"""How validation is divided into tasks: many small tables together, large ones alone."""

from typing import Literal

from sterna_core.migration.plan import MOVES_EVERYTHING, TablePlan
from sterna_core.migration.run import Plan, Run
from sterna_core.migration.validation_options import KINDS, Kind

PART_BYTES = 256 * 1024 * 1024
PART_TABLES = 200
PART_COLUMNS = 2_000
PART_RULES = 20

CHECKED_BY_MODE: frozenset[Kind] = frozenset({"structural", "referential"})
"""Kinds that the other modes have a check of their own in the place of."""

Stage = Literal["validation", "cutover"]


def parts(kind: Kind, plan: Plan, run: Run, stage: Stage) -> range:
    """Give the numbers of the parts that a kind has in a stage; `content` has tasks of its own.

    The structure is checked twice: what is there before the foreign keys, and all of it at last.
    """
    if run.mode == "schema_only" or (run.mode not in MOVES_EVERYTHING and kind in CHECKED_BY_MODE):
        return range(0)
    if kind == "structural":
        return range(1) if stage == "validation" else range(1, 2)
    if stage == "cutover":
        return range(0)
    options = run.validation.options
    match kind:
        case "statistical" | "referential":
            return range(len(table_groups(plan)))
        case "semantic":
            return range(-(-len(options.semantic.rules) // PART_RULES))
        case "behavioral":
            return range(len(options.behavioral.queries))
        case _:
            return range(0)


def parts_total(kind: Kind, plan: Plan, run: Run) -> int:
    """Count the parts of a kind, over all stages."""
    return len(parts(kind, plan, run, "validation")) + len(parts(kind, plan, run, "cutover"))


def table_groups(plan: Plan) -> tuple[tuple[TablePlan, ...], ...]:
    """Put tables together, in the order of their ids, so that no task is too large or too small."""
    groups: list[list[TablePlan]] = []
    size = columns = 0
    for table_id in sorted(plan.tables):
        table = plan.tables[table_id]
        size, columns = size + table.bytes, columns + len(table.columns)
        full = (
            not groups
            or size > PART_BYTES
            or columns > PART_COLUMNS
            or len(groups[-1]) >= PART_TABLES
        )
        if full:
            groups.append([])
            size, columns = table.bytes, len(table.columns)
        groups[-1].append(table)
    return tuple(tuple(group) for group in groups)


def left(plan: Plan, run: Run, stage: Stage) -> list[tuple[Kind, int]]:
    """List the parts of the kinds wanted that were not gone through, in order."""
    return [
        (kind, part)
        for kind in KINDS
        if run.validation.is_wanted(kind)
        for part in parts(kind, plan, run, stage)
        if part not in run.validation.of(kind).done
    ]
