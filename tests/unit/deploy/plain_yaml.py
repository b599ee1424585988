"""Reads the plain YAML that compose.yaml is written in: no anchors, no folded or multi-line text.

What it does not know it refuses, so a file that it reads means what it says here.
"""

import json
import re
from typing import Any

_PAIR = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_.-]*):(?: +(?P<value>\S.*))?\Z")
_PLAIN = re.compile(r"[A-Za-z0-9_./][^\"'{}\[\]&*#|>%`]*\Z")
_REFUSED_PLAIN = frozenset({"yes", "no", "on", "off", "~", "null"})


def read_yaml(text: str) -> Any:
    """Read a document; raises ValueError for what is not plain."""
    lines: list[tuple[int, str]] = []
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            if "\t" in line:
                raise ValueError(f"a tab: {line!r}")
            lines.append((len(line) - len(line.lstrip()), line.strip()))
    value = _block(lines, 0)
    if lines:
        raise ValueError(f"not understood: {lines[0][1]!r}")
    return value


def _block(lines: list[tuple[int, str]], indent: int) -> Any:
    if not lines or lines[0][0] != indent:
        raise ValueError(f"indentation: {lines[:1]!r}")
    return _list(lines, indent) if lines[0][1].startswith("- ") else _mapping(lines, indent)


def _list(lines: list[tuple[int, str]], indent: int) -> list[Any]:
    found = []
    while lines and lines[0][0] == indent and lines[0][1].startswith("- "):
        found.append(_scalar(lines.pop(0)[1].removeprefix("- ")))
    return found


def _mapping(lines: list[tuple[int, str]], indent: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while lines and lines[0][0] == indent:
        pair = _PAIR.match(lines.pop(0)[1])
        if pair is None or pair["key"] in found:
            raise ValueError(f"not a fresh key: {pair!r}")
        if pair["value"] is not None:
            found[pair["key"]] = _scalar(pair["value"])
        elif lines and lines[0][0] > indent:
            found[pair["key"]] = _block(lines, lines[0][0])
        else:
            found[pair["key"]] = None
    return found


def _scalar(text: str) -> Any:
    if text[0] in '"[':
        return json.loads(text)  # a double-quoted text, or a list of them
    if not _PLAIN.match(text) or text.lower() in _REFUSED_PLAIN or " #" in text or ": " in text:
        raise ValueError(f"write it in quotes: {text!r}")
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if text.isdigit() else text
