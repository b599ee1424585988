"""What readers see of a plan that is compared with the source, or rehearsed."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.clock import UtcDatetime
from sterna_core.migration import review_events as rv
from sterna_core.migration.review import Difference, Rehearsal


class CheckView(Struct, frozen=True, kw_only=True):
    """The last comparison of a plan with its source, or the last dry run.

    `number` counts what was tried for one plan. `differences` is what is not as it was planned.
    """

    number: int
    status: Literal["running", "finished", "failed"] = "running"
    requested_at: UtcDatetime
    finished_at: UtcDatetime | None = None
    differences: tuple[Difference, ...] = ()
    report: Rehearsal | None = None
    code: str | None = None
    message: str | None = None


def finished(
    check: CheckView | None, event: rv.PlanChecked | rv.PlanCheckFailed
) -> CheckView | None:
    """Give the check after its result, if it is the result of this one."""
    if check is None or check.number != event.number:
        return check
    match event:
        case rv.PlanChecked():
            return replace(
                check,
                status="finished",
                finished_at=event.at,
                differences=event.differences,
                report=event.rehearsal,
            )
        case rv.PlanCheckFailed():
            return replace(
                check,
                status="failed",
                finished_at=event.at,
                code=event.code,
                message=event.message,
            )
