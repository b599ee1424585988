"""What stands in the way of a migration, all of it told at once."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from sterna_core.errors import Misconfigured, MissingRight, TargetConflict
from sterna_core.postgres.identifiers import quote

Kind = Literal["right", "conflict", "setting"]

MESSAGE_PROBLEMS = 5
DETAILS_PROBLEMS = 50
NAMES_SHOWN = 20


class Problem(Struct, frozen=True):
    """Why a migration cannot be carried out, and what puts it right."""

    kind: Kind
    text: str


def refuse(problems: Sequence[Problem]) -> None:
    """Raise one error for all problems, where there are any.

    It is MissingRight where a right is among them, else TargetConflict, else Misconfigured;
    `details["problems"]` has a sentence for each, with the statement that puts it right.
    """
    if not problems:
        return
    texts = [problem.text for problem in problems]
    message = "; ".join(texts[:MESSAGE_PROBLEMS])
    if len(texts) > MESSAGE_PROBLEMS:
        message += f"; and {len(texts) - MESSAGE_PROBLEMS} more"
    kinds = {problem.kind for problem in problems}
    error = (
        MissingRight
        if "right" in kinds
        else TargetConflict
        if "conflict" in kinds
        else Misconfigured
    )
    raise error(
        message,
        details={"problems": texts[:DETAILS_PROBLEMS], "problem_count": len(texts)},
    )


def shown(names: Sequence[str], limit: int = NAMES_SHOWN) -> str:
    """List names for a person: the first ones, and how many more there are."""
    listed = ", ".join(names[:limit])
    return f"{listed} and {len(names) - limit} more" if len(names) > limit else listed


def quoted(names: Sequence[str]) -> str:
    """List quoted identifiers for a statement, all of them."""
    return ", ".join(quote(name) for name in names)
