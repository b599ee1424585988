"""Reads what a user gave an extractor as parameters; a mistake is named, not ignored."""

from collections.abc import Iterable, Mapping
from typing import Any

from sterna_core.errors import InvalidRequest


class WrongParameters(InvalidRequest):
    """An extractor does not have such a parameter, or it cannot have that value."""

    code = "extractor_parameters_invalid"


def refuse_others(parameters: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raise WrongParameters where there are parameters that the extractor does not have."""
    names = sorted(known)
    others = sorted(set(parameters) - set(names))
    if others:
        raise WrongParameters(
            f"The extractor has no parameter {', '.join(others)};"
            f" it has {', '.join(names) or 'none'}.",
            details={"parameters": others},
        )


def whole_number(
    parameters: Mapping[str, Any], name: str, default: int, *, least: int, most: int
) -> int:
    """Give a parameter that is a whole number, or its default; raises WrongParameters."""
    value = parameters.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise WrongParameters(
            f"`{name}` is a whole number from {least} to {most}.", details={"parameters": [name]}
        )
    return value
