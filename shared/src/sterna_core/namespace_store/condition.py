"""What a payload has to be like: the part of a search that is not about vectors.

A field is a path of names with dots, through objects only. Where it leads to a list, one element
that fits is enough. Numbers are equal by value, and never to a truth value or a text.
"""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from sterna_core.errors import InvalidRequest

Operator = Literal["eq", "ne", "in", "gt", "gte", "lt", "lte", "exists"]
Scalar = str | int | float | bool
RANGES = frozenset({"gt", "gte", "lt", "lte"})


class Condition(Struct, frozen=True):
    """One field beside a value: `in` takes several, `exists` a truth value, ranges a number.

    `ne` fits also where the field is not there; a field of null, or of an empty list, is not there.
    """

    field: str
    operator: Operator
    value: Scalar | tuple[Scalar, ...] = True

    @property
    def steps(self) -> tuple[str, ...]:
        """Give the names of the path."""
        return tuple(self.field.split("."))

    @property
    def choices(self) -> tuple[Scalar, ...]:
        """Give the values of which one has to be there."""
        return self.value if isinstance(self.value, tuple) else (self.value,)


def check_condition(condition: Condition) -> None:
    """Raise InvalidRequest where a condition can mean nothing."""
    value, where = condition.value, {"field": condition.field}
    if any(not step or step.isdecimal() or set(step) & set('[]"\0') for step in condition.steps):
        raise InvalidRequest(
            "A field of a filter is a path of names with dots, none a number or with brackets.",
            code="bad_filter",
            details=where,
        )
    if condition.operator == "in":
        right = isinstance(value, tuple)
    elif condition.operator in RANGES:
        right = isinstance(value, int | float) and not isinstance(value, bool)
    elif condition.operator == "exists":
        right = isinstance(value, bool)
    else:
        right = not isinstance(value, tuple)
    if not right or any(isinstance(each, str) and "\0" in each for each in condition.choices):
        raise InvalidRequest(
            f"The value of a filter does not go with {condition.operator}.",
            code="bad_filter",
            details=where,
        )


def matches(payload: Mapping[str, Any], conditions: tuple[Condition, ...]) -> bool:
    """Tell whether a payload fits every condition."""
    return all(_fits(_leaves(payload, each.steps), each) for each in conditions)


def _leaves(value: Any, steps: tuple[str, ...]) -> list[Any]:
    for step in steps:
        if not isinstance(value, Mapping) or value.get(step) is None:
            return []
        value = value[step]
    return value if isinstance(value, list) else [value]


def _fits(leaves: list[Any], condition: Condition) -> bool:
    match condition.operator:
        case "exists":
            return bool(leaves) == condition.value
        case "eq" | "in":
            return any(_same(leaf, each) for leaf in leaves for each in condition.choices)
        case "ne":
            return not any(_same(leaf, each) for leaf in leaves for each in condition.choices)
        case _:
            return any(_in_range(leaf, condition) for leaf in leaves)


def _same(left: Any, right: Scalar) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _in_range(leaf: Any, condition: Condition) -> bool:
    bound = condition.value
    if isinstance(leaf, bool) or not isinstance(leaf, int | float):
        return False
    assert isinstance(bound, int | float)
    match condition.operator:
        case "gt":
            return leaf > bound
        case "gte":
            return leaf >= bound
        case "lt":
            return leaf < bound
        case _:
            return leaf <= bound
