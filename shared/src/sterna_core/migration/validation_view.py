"""What readers see of a validation, folded from the events alone."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.clock import UtcDatetime
from sterna_core.migration.about import About
from sterna_core.migration.plan import MOVES_EVERYTHING
from sterna_core.migration.validation_events import (
    AnyValidationEvent,
    Finding,
    ValidationChecked,
)
from sterna_core.migration.validation_options import Kind, OnFailure

FINDINGS_KEPT = 200
KindStatus = Literal[
    "pending", "running", "passed", "failed", "flagged", "skipped", "not_requested"
]


class KindView(Struct, frozen=True, kw_only=True):
    """How far a kind is: parts, things looked at, things that did not pass, and what was found."""

    round: int = 1
    parts: int = 1
    parts_done: int = 0
    checked: int = 0
    failed: int = 0
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    on_failure: OnFailure = "fail_immediately"
    at: UtcDatetime | None = None


class ValidationView(Struct, frozen=True, kw_only=True):
    """A validation, kind by kind, and what of it was skipped, why and by whom."""

    kinds: dict[Kind, KindView] = {}
    skipped: tuple[Kind, ...] = ()
    skip_reason: str | None = None
    skipped_by: str | None = None

    def status_of(self, kind: Kind, about: About) -> KindStatus:
        """Give the status of a kind other than `content`."""
        if kind in self.skipped:
            return "skipped"
        if not about.options.validation.is_wanted(kind):
            return "not_requested"
        known = self.kinds.get(kind)
        if known is None:
            return "pending"
        if known.failed:
            return "failed" if known.on_failure == "fail_immediately" else "flagged"
        return "passed" if known.parts_done >= known.parts else "running"

    def why_not_proven(self, about: About) -> tuple[str, str] | None:
        """Say why nothing is certified that completes so, if that is so."""
        wanted = about.options.validation
        if about.options.mode == "schema_only":
            return "mode", f"The mode {about.options.mode} has no rows to prove."
        left_out = [
            kind
            for kind in ("structural", "referential")
            if about.options.mode in MOVES_EVERYTHING and not wanted.is_wanted(kind)
        ]
        if self.skipped or left_out:
            names = ", ".join((*self.skipped, *left_out))
            return "validation_skipped", f"Parts of the validation were left out: {names}."
        failed = [kind for kind, known in self.kinds.items() if known.failed]
        if failed:
            return "validation_not_passed", f"Not everything passed: {', '.join(failed)}."
        return None


def fold_validation(view: ValidationView, event: AnyValidationEvent) -> ValidationView:
    """Give the view after an event."""
    if not isinstance(event, ValidationChecked):
        return replace(
            view,
            skipped=tuple(dict.fromkeys((*view.skipped, *event.kinds))),
            skip_reason=event.reason,
            skipped_by=event.by,
        )
    known = view.kinds.get(event.kind, KindView(round=0))
    if event.round < known.round:
        return view
    if event.round > known.round:
        known = KindView(round=event.round)
    findings = sorted((*known.findings, *event.findings), key=lambda each: each.passed)
    found = replace(
        known,
        parts=event.parts,
        parts_done=known.parts_done + 1,
        checked=known.checked + event.checked,
        failed=known.failed + event.failed,
        findings=tuple(findings[:FINDINGS_KEPT]),
        seconds=round(known.seconds + event.seconds, 3),
        on_failure=event.on_failure,
        at=event.at,
    )
    return replace(view, kinds={**view.kinds, event.kind: found})
