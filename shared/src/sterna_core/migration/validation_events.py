"""What has happened in the validation of a migration."""

from msgspec import Struct

from sterna_core.migration.event import Event
from sterna_core.migration.validation_options import Kind, OnFailure

Figure = int | float | str | bool | None


class Finding(Struct, frozen=True, kw_only=True):
    """What was found of one thing: in names, figures and digests, never in contents."""

    subject: str
    passed: bool
    text: str = ""
    figures: dict[str, Figure] = {}


class ValidationChecked(Event, frozen=True, kw_only=True, tag="validation.checked.v1"):
    """A part of a kind was gone through: `checked` things, of which `failed` did not pass.

    `part` counts from 0, of `parts`; `round` goes up when a kind is gone through again. Not every
    finding need be here, those that did not pass come first.
    """

    task_id: str
    kind: Kind
    part: int
    parts: int
    round: int
    checked: int
    failed: int
    findings: tuple[Finding, ...]
    seconds: float
    on_failure: OnFailure


class ValidationSkipped(Event, frozen=True, kw_only=True, tag="validation.skipped.v1"):
    """Somebody decided that kinds of validation are not gone through: nothing is certified."""

    kinds: tuple[Kind, ...]
    reason: str
    by: str


AnyValidationEvent = ValidationChecked | ValidationSkipped
