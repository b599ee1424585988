"""What refused rows get in one column, in place of what was refused."""

from typing import Literal

from msgspec import Struct

ReplacingResolution = Literal["default", "transform"]


class Replacement(Struct, frozen=True, kw_only=True, tag_field="by"):
    """Something in place of the values of one column of the target; the subclasses are the kinds."""

    column: str


class ColumnDefault(Replacement, frozen=True, kw_only=True, tag="column_default"):
    """The default of the target's column; null where it has none."""


class FixedValue(Replacement, frozen=True, kw_only=True, tag="value"):
    """One value for all rows, as the target reads it as text; None is null."""

    text: str | None


class Transformed(Replacement, frozen=True, kw_only=True, tag="expression"):
    """An SQL expression over the source's row."""

    expression: str


AnyReplacement = ColumnDefault | FixedValue | Transformed


def resolution_of(replacement: AnyReplacement) -> ReplacingResolution:
    """Give the resolution that a replacement is part of."""
    return "transform" if isinstance(replacement, Transformed) else "default"
