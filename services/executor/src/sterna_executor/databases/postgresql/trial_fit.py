"""The condition under which a column takes a value, without changing it silently."""

import re

_LENGTH = re.compile(r"\((\d+)\)")


def fits(declared: str, name: str, *, not_null: bool) -> str:
    """Give an SQL condition over `v`, which is of the type `name` without its length.

    `declared` is the type with its length or precision. Where nothing is cut off, evaluating the
    condition casts `v`, so that the server refuses what is out of range.
    """
    length = _LENGTH.search(declared)
    if name in {"varchar", "bpchar"} and length:
        condition = f"pg_catalog.char_length(v::pg_catalog.text) <= {length[1]}"
    elif name == "varbit" and length:
        condition = f"pg_catalog.length(v) <= {length[1]}"
    elif name == "bit":
        condition = f"pg_catalog.length(v) = {length[1] if length else 1}"
    elif name in {"_varchar", "_bpchar", "_bit", "_varbit"} and length:
        condition = f"(v::{declared})::pg_catalog.text = v::pg_catalog.text"
    elif "(" in declared and name in {"numeric", "_numeric"}:
        condition = f"(v::{declared}) is not null"
    else:
        condition = "true"
    return f"v is not null and {condition}" if not_null else f"v is null or {condition}"
