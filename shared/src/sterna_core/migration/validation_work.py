"""What executors are asked to do for a part of a validation."""

from msgspec.structs import replace

from sterna_core.migration.about import About
from sterna_core.migration.job import Assignment, ValidateJob
from sterna_core.migration.run import Plan
from sterna_core.migration.validation_parts import PART_RULES, table_groups
from sterna_core.tasks import validation_work as wk
from sterna_core.tasks.table import TableSpec


def validation_work(
    about: About, plan: Plan, assignment: Assignment, job: ValidateJob
) -> wk.AnyValidation:
    """Give the work of a job."""
    options = about.options.validation
    match job.kind:
        case "statistical":
            return wk.ValidateStatistics(
                tables=_tables(plan, job.part),
                options=options.statistical,
                snapshot_id=assignment.snapshot_id,
                generation=assignment.generation,
            )
        case "referential":
            tables = tuple(replace(each, columns=()) for each in _tables(plan, job.part))
            return wk.ValidateReferences(selection=about.selection, tables=tables)
        case "semantic":
            first = job.part * PART_RULES
            return wk.ValidateRules(rules=options.semantic.rules[first : first + PART_RULES])
        case "behavioral":
            return wk.ValidateQuery(
                query=options.behavioral.queries[job.part], snapshot_id=assignment.snapshot_id
            )
        case _:
            return wk.ValidateStructure(
                selection=about.selection,
                structure_digest=plan.structure_digest,
                whole=job.part > 0,
            )


def _tables(plan: Plan, part: int) -> tuple[TableSpec, ...]:
    return tuple(TableSpec.of(table) for table in table_groups(plan)[part])
