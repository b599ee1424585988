"""Conditions on payloads as Qdrant's filters."""

from collections.abc import Callable, Iterable, Sequence

from qdrant_client import models

from sterna_core.namespace_store.condition import Condition, Scalar
from sterna_core.namespace_store.qdrant.points import nothing

_EXACT_IN_DOUBLE = 2**53


def filter_of(
    conditions: Iterable[Condition],
    field: Callable[[Sequence[str]], str],
    others: Iterable[models.Filter | None] = (),
) -> models.Filter:
    """Give the filter that has all conditions, and other filters besides."""
    must: list[models.Condition] = [each for each in others if each is not None]
    must_not: list[models.Condition] = []
    for condition in conditions:
        key = field(condition.steps)
        match condition.operator:
            case "exists":
                empty = models.IsEmptyCondition(is_empty=models.PayloadField(key=key))
                (must_not if condition.value else must).append(empty)
            case "eq" | "in":
                must.append(_one_of(key, condition.choices))
            case "ne":
                must_not.append(_one_of(key, condition.choices))
            case _:
                bound = models.Range.model_validate({condition.operator: condition.value})
                must.append(models.FieldCondition(key=key, range=bound))
    return models.Filter(must=must or None, must_not=must_not or None)


def _one_of(key: str, choices: Iterable[Scalar]) -> models.Filter:
    same: list[models.Condition] = [_same(key, each) for each in choices]
    return models.Filter(should=same) if same else nothing()


def _same(key: str, value: Scalar) -> models.FieldCondition:
    """Match one value; a number by a range, which means whole numbers and others alike."""
    if isinstance(value, float) or (
        isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _EXACT_IN_DOUBLE
    ):
        return models.FieldCondition(key=key, range=models.Range(gte=value, lte=value))
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))
