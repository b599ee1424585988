"""Filters as people write them: pairs of a field and a value, or a list of conditions."""

from typing import Any, get_args

from sterna_core.errors import Rejected
from sterna_core.namespace_store.condition import Condition, Operator

_OPERATORS = get_args(Operator)
CONDITIONS_MAX = 50


def conditions_of(raw: Any) -> tuple[Condition, ...]:
    """Read a filter, of which all has to hold; raises Rejected for what is none.

    `{"brand": "acme"}`, `[{"field": "price", "operator": "lt", "value": 10}]`, or either of them
    under `AND`.
    """
    if raw is None:
        return ()
    if isinstance(raw, dict) and set(raw) == {"AND"}:
        raw = raw["AND"]
    if isinstance(raw, dict):
        raw = [{"field": name, "operator": "eq", "value": value} for name, value in raw.items()]
    if not isinstance(raw, list) or len(raw) > CONDITIONS_MAX:
        raise _refused()
    return tuple(_condition(each) for each in raw)


def _condition(raw: Any) -> Condition:
    if not isinstance(raw, dict) or not set(raw) <= {"field", "operator", "value"}:
        raise _refused()
    field, operator, value = raw.get("field"), raw.get("operator", "eq"), raw.get("value", True)
    if not isinstance(field, str) or not field or operator not in _OPERATORS:
        raise _refused()
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str | int | float | bool) for each in values):
        raise _refused()
    return Condition(field, operator, tuple(values) if isinstance(value, list) else value)


def _refused() -> Rejected:
    return Rejected(
        "filter_not_understood",
        f"A filter is an object of fields with values, or at most {CONDITIONS_MAX} conditions of"
        f" `field`, `operator` ({', '.join(_OPERATORS)}) and `value`.",
    )
