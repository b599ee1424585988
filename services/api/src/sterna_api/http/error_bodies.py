"""What is sent and answered about errors of migrations."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from sterna_api.http.connection_bodies import Identifier
from sterna_api.http.migration_bodies import Expression, Reason
from sterna_api.http.paging import LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX
from sterna_api.http.problem import InvalidShape, Problem
from sterna_api.projections.migration_errors import ErrorStatus
from sterna_core.migration.error_events import Resolution
from sterna_core.migration.replacement import (
    AnyReplacement,
    ColumnDefault,
    FixedValue,
    Transformed,
)
from sterna_core.migration.set_aside import ErrorClass


class ErrorsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which errors to list; `table` is `schema.table` of the source."""

    status: ErrorStatus | None = None
    error_class: ErrorClass | None = field(name="class", default=None)
    table: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Annotated[int, Meta(ge=0, le=OFFSET_MAX)] = 0


_NO_EXPRESSION = "To transform rows takes an expression"

Scalar = Annotated[str, Meta(max_length=10_000)] | int | float | bool | None
"""A JSON value that is neither an object nor an array."""


class ResolveBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of the rows of an error.

    With `default` those that are refused again get `value`, or without it the default of the
    column, and with `transform` what `expression` gives over the source's row. `column` is one of
    the target's; without it, the one that the error names.
    """

    resolution: Resolution
    reason: Reason | None = None
    column: Identifier | None = None
    value: Scalar | UnsetType = UNSET
    expression: Expression | None = None

    def replacement(self) -> AnyReplacement | None:
        """Give what rows get that are refused again; raises InvalidShape for what cannot be meant."""
        self._refuse_contradiction()
        column = self.column or ""
        if self.expression is not None:
            return Transformed(column=column, expression=self.expression)
        if self.resolution != "default":
            return None
        if isinstance(self.value, UnsetType):
            return ColumnDefault(column=column)
        return FixedValue(column=column, text=_text_of(self.value))

    def _refuse_contradiction(self) -> None:
        given = {
            "column": (self.column is not None, {"default", "transform"}),
            "value": (self.value is not UNSET, {"default"}),
            "expression": (self.expression is not None, {"transform"}),
        }
        problems = [
            Problem(("body", name), f"{name} says nothing with {self.resolution}", "contradiction")
            for name, (is_given, resolutions) in given.items()
            if is_given and self.resolution not in resolutions
        ]
        if self.resolution == "transform" and self.expression is None:
            problems.append(Problem(("body", "expression"), _NO_EXPRESSION, "expression_needed"))
        if problems:
            raise InvalidShape(problems)


def _text_of(value: str | float | bool | None) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case _:
            return repr(value)


class RetryBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the rows of an error are tried again."""

    reason: Reason | None = None


class ErrorAnswer(Struct, frozen=True, kw_only=True):
    """What was decided about an error, and how the migration is then."""

    id: str
    migration_id: str
    status: ErrorStatus
    resolution: Resolution
    migration_status: str
    message: str
