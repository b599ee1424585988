from msgspec import Struct


class Finding(Struct, frozen=True):
    """What a validation found at one place, in the shape of every problem of the interface."""

    loc: tuple[str | int, ...]
    msg: str
    type: str


class Findings(Struct, frozen=True):
    """Errors stop a migration; warnings do so unless it is started with force."""

    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()

    def __add__(self, other: "Findings") -> "Findings":
        return Findings(self.errors + other.errors, self.warnings + other.warnings)
