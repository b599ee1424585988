"""What can be asked of a migration's validation."""

from sterna_core.migration.command import Command
from sterna_core.migration.validation_options import SKIPPABLE, Kind


class SkipValidation(Command, frozen=True, kw_only=True, tag="migration.skip_validation.v1"):
    """Leave kinds of validation out; contents and structure are compared in any case."""

    reason: str
    kinds: tuple[Kind, ...] = SKIPPABLE
