"""Types of bodies and answers, and which of them a client takes."""

from collections.abc import Iterable

JSON = "application/json"
PROBLEM = "application/problem+json"
NDJSON = "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"
OCTETS = "application/octet-stream"
_NDJSON_NAMES = frozenset({NDJSON, "application/ndjson", "application/jsonl"})
_RANGES_MAX = 50


def is_json(content_type: str) -> bool:
    """Tell whether a body of this type is read as JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == JSON or (kind.startswith("application/") and kind.endswith("+json"))


def is_ndjson(content_type: str) -> bool:
    """Tell whether a body of this type is read as JSON line by line."""
    return content_type.partition(";")[0].strip().lower() in _NDJSON_NAMES


def accepts_any(accept: Iterable[str], kinds: Iterable[str]) -> bool:
    """Tell whether the headers Accept take one of some types; without a header all are taken."""
    ranges = _ranges(accept)
    return not ranges or any(
        _matches(name, kind) for name, quality in ranges if quality > 0 for kind in kinds
    )


def prefers_problem(accept: Iterable[str]) -> bool:
    """Tell whether errors are wanted by RFC 9457: named, and no less than plain JSON is."""
    named = dict(_ranges(accept))
    quality = named.get(PROBLEM, 0.0)
    return quality > 0 and quality >= named.get(JSON, 0.0)


def _ranges(accept: Iterable[str]) -> list[tuple[str, float]]:
    found = []
    for part in ",".join(accept).split(",")[:_RANGES_MAX]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name:
            found.append((name, _quality(parameters)))
    return found


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _matches(name: str, kind: str) -> bool:
    if name in {"*", "*/*", kind}:
        return True
    return name.endswith("/*") and kind.startswith(name.removesuffix("*"))
