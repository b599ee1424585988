"""What is sent and answered about the history of retrievers."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from sterna_api.http.document_bodies import Id
from sterna_api.http.problem import InvalidShape, Problem
from sterna_core.clock import UtcDatetime
from sterna_core.retriever_history.record import Execution, Interaction, InteractionType

YEARS = (1970, 9998)
"""Beyond them a moment may have no date in another zone."""
VALUE_MAX = 1e15
"""Up to here a number means itself in every language."""


class InteractionLineBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody did with a document that a retriever has found; `at` is now if not given."""

    document_id: Id
    type: InteractionType
    execution_id: Id | None = None
    value: Annotated[float, Meta(ge=-VALUE_MAX, le=VALUE_MAX)] | None = None
    at: UtcDatetime | None = None


class ExecutionsBody(Struct, frozen=True, kw_only=True):
    """A page of executions; `next` is null behind the last."""

    data: list[Execution]
    next: str | None


class InteractionsBody(Struct, frozen=True, kw_only=True):
    """A page of interactions; `next` is null behind the last."""

    data: list[Interaction]
    next: str | None


class ForgottenBody(Struct, frozen=True, kw_only=True):
    """So many records are not there any more."""

    forgotten: int


def check_moment(at: datetime | None) -> None:
    """Raise InvalidShape where the year of a moment is no sensible one."""
    first, last = YEARS
    if at is not None and not first <= at.year <= last:
        text = f"The year is from {first} to {last}"
        raise InvalidShape([Problem(("body", "at"), text, "moment_out_of_range")])
