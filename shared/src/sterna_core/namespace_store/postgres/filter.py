"""Conditions on payloads as SQL; values travel as parameters."""

from collections.abc import Iterable
from typing import Any

import msgspec

from sterna_core.namespace_store.condition import Condition

_COMPARED = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def filter_of(
    conditions: Iterable[Condition], first: int, payload: str
) -> tuple[list[str], list[Any]]:
    """Give a piece of SQL for each condition, with parameters from the given number on.

    `payload` is what has it, as jsonb.
    """
    pieces: list[str] = []
    values: list[Any] = []
    for condition in conditions:
        path, value = f"${first + len(values)}", f"${first + len(values) + 1}"
        found = f"({payload} operator(pg_catalog.#>) {path}::text[])"
        values.append(list(condition.steps))
        match condition.operator:
            case "exists":
                there = f"coalesce({found} operator(pg_catalog.<>) all({value}::jsonb[]), false)"
                pieces.append(there if condition.value else f"not {there}")
                values.append(["null", "[]"])
            case "eq" | "in" | "ne":
                # A list contains each of its elements, and a single value itself.
                same = f"coalesce({found} operator(pg_catalog.@>) any({value}::jsonb[]), false)"
                pieces.append(f"not {same}" if condition.operator == "ne" else same)
                values.append([msgspec.json.encode(each).decode() for each in condition.choices])
            case _:
                sign = _COMPARED[condition.operator]
                pieces.append(
                    _path_exists(found, f'$ ? (@.type() == "number" && @ {sign} $bound)', value)
                )
                values.append(msgspec.json.encode({"bound": condition.value}).decode())
    return pieces, values


def _path_exists(found: str, path: str, bound: str) -> str:
    return f"coalesce(pg_catalog.jsonb_path_exists({found}, '{path}', {bound}::jsonb), false)"
