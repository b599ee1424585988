"""Goes through a part of a kind of validation, reading only."""

import time
from dataclasses import dataclass

from msgspec import Struct

from sterna_core.errors import Terminal
from sterna_core.migration.validation_events import Finding
from sterna_core.tasks import validation_work as wk
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.query_check import check_query
from sterna_executor.databases.postgresql.references_check import check_references
from sterna_executor.databases.postgresql.rules_check import check_rules
from sterna_executor.databases.postgresql.statistics_check import check_statistics
from sterna_executor.databases.postgresql.structure_check import check_structure

FINDINGS_MAX = 200
"""How many findings a report holds; those that did not pass come first."""


class Validated(Struct, frozen=True, kw_only=True):
    """How many things were looked at, how many did not pass, and what was found."""

    checked: int
    failed: int
    findings: tuple[Finding, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Found:
    checked: int
    failed: int
    findings: tuple[Finding, ...]


async def validate(assignment: Assignment, work: wk.AnyValidation) -> Validated:
    """Do one part. Raises what `translated` makes of the driver's errors, and SnapshotLost."""
    began = time.monotonic()
    match work:
        case wk.ValidateStructure():
            found = await _structure(assignment, work)
        case wk.ValidateStatistics():
            found = _counted(await check_statistics(assignment, work))
        case wk.ValidateReferences():
            found = _counted(await check_references(assignment, work))
        case wk.ValidateRules():
            found = _counted(await check_rules(assignment, work))
        case wk.ValidateQuery():
            found = _counted([await check_query(assignment, work)])
    return Validated(
        checked=found.checked,
        failed=found.failed,
        findings=tuple(sorted(found.findings, key=lambda each: each.passed)[:FINDINGS_MAX]),
        seconds=round(time.monotonic() - began, 3),
    )


def _counted(findings: list[Finding]) -> _Found:
    failed = sum(not each.passed for each in findings)
    return _Found(len(findings), failed, tuple(findings))


async def _structure(assignment: Assignment, work: wk.ValidateStructure) -> _Found:
    async with assignment.target.session() as target, assignment.source.session() as source:
        try:
            checked = await check_structure(
                source, target, work.selection, work.structure_digest, whole=work.whole
            )
        except Terminal as error:
            if error.code != "structure_changed":
                raise
            finding = Finding(subject="source", passed=False, text=error.message)
            return _Found(1, 1, (finding,))
    findings = tuple(
        Finding(subject=subject, passed=False, text=f"is {state}")
        for subject, _, state in (each.rpartition(" is ") for each in checked.differences)
    )
    return _Found(checked.checked, checked.count, findings)
