"""Places in JSON: a path leads to one value, a pattern to all that look alike."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Path = tuple[str | int, ...]

EACH: Final = "[]"
"""The step of a pattern that leads to every element of a list."""

Pattern = tuple[str, ...]


def pattern(text: str) -> Pattern:
    """Read a pattern such as `stages[].config`."""
    return tuple(text.replace(EACH, f".{EACH}").lstrip(".").split("."))


def places(value: Any, steps: Pattern) -> Iterator[tuple[Path, Any]]:
    """Give what a pattern leads to; where the value has another shape, nothing."""
    if not steps:
        yield (), value
        return
    step, rest = steps[0], steps[1:]
    if step == EACH:
        if isinstance(value, list):
            for index, each in enumerate(value):
                for path, found in places(each, rest):
                    yield (index, *path), found
    elif isinstance(value, Mapping) and step in value:
        for path, found in places(value[step], rest):
            yield (step, *path), found


def texts(value: Any) -> Iterator[tuple[Path, str]]:
    """Give every text inside a value, in its order, without the names of fields."""
    if isinstance(value, str):
        yield (), value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            for path, found in texts(each):
                yield (name, *path), found
    elif isinstance(value, list):
        for index, each in enumerate(value):
            for path, found in texts(each):
                yield (index, *path), found


def replaced(
    value: Any,
    changes: Mapping[Path, Any],
    cuts: frozenset[Path],
    at: Path = (),
    names: Mapping[Path, str] | None = None,
) -> Any:
    """Copy a value with other values at some places; a place that is cut is not in the copy.

    Where a list loses an element, those behind it move up: paths mean the value as it was. `names`
    are new names of fields.
    """
    if at in changes:
        return changes[at]
    if isinstance(value, Mapping):
        new = names or {}
        return {
            new.get((*at, name), name): replaced(each, changes, cuts, (*at, name), names)
            for name, each in value.items()
            if (*at, name) not in cuts
        }
    if isinstance(value, list):
        return [
            replaced(each, changes, cuts, (*at, index), names)
            for index, each in enumerate(value)
            if (*at, index) not in cuts
        ]
    return value
