from msgspec import Struct

from sterna_core.migration.validation_options import Kind, ValidationOptions


class KindRun(Struct, frozen=True, kw_only=True):
    """How far one kind of validation is.

    It is done in parts; `round` goes up when all of them are to be done again. `failed` counts
    what did not pass, of the `checked`.
    """

    round: int = 1
    done: tuple[int, ...] = ()
    checked: int = 0
    failed: int = 0


class ValidationRun(Struct, frozen=True, kw_only=True):
    """How far validation is, kind by kind, and what of it somebody skipped."""

    options: ValidationOptions = ValidationOptions()
    skipped: tuple[Kind, ...] = ()
    kinds: dict[Kind, KindRun] = {}

    def of(self, kind: Kind) -> KindRun:
        """Say how far a kind is."""
        return self.kinds.get(kind, KindRun())

    def is_wanted(self, kind: Kind) -> bool:
        """Tell whether a kind has to be gone through."""
        return kind not in self.skipped and self.options.is_wanted(kind)
