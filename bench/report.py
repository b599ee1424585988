"""Prints what the tools took, and writes it down."""

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import msgspec
from bench.tournament import Standing

_MEBIBYTE = 1 << 20


def table(standings: Sequence[Standing]) -> str:
    """Write the figures as a table in Markdown.

    A ratio is the median of the rounds' own ratios to Sterna: a machine that gets slower between
    two rounds makes all tools of a round slower alike.
    """
    by_name = {each.name: each for each in standings if each.rounds}
    sterna = by_name.get("sterna")
    lines = [
        "| tool | median | spread | in Sterna's time |",
        "|---|---:|---:|---:|",
    ]
    for standing in standings:
        if not standing.rounds:
            reason = (standing.reason or "").splitlines()[0]
            lines.append(f"| {standing.name} | {reason} | | |")
            continue
        ratio = _ratio(sterna, standing)
        lines.append(
            f"| {standing.name} | {standing.median_seconds:.2f} s "
            f"| {standing.spread_seconds:.2f} s | {ratio} |"
        )
        keys = standing.part_seconds("keys")
        if keys:
            least = standing.median_seconds + keys
            lines.append(f"| {standing.name}, then primary keys | {least:.2f} s | | |")
    if sterna is not None:
        lines += ["", *_inside(sterna)]
    return "\n".join(lines)


def _ratio(sterna: Standing | None, other: Standing) -> str:
    """How many times as long a tool takes; a pipe, which moves rows only, beside Sterna's rows."""
    if sterna is None:
        return ""
    is_pipe = other.name.startswith("raw pipe")
    ratios = [
        theirs.total_seconds / (ours.parts_seconds["data"] if is_pipe else ours.total_seconds)
        for theirs, ours in zip(other.rounds, sterna.rounds, strict=False)
    ]
    return f"{median(ratios):.2f}" if ratios else ""


def _inside(sterna: Standing) -> list[str]:
    parts = sorted({part for each in sterna.rounds for part in each.parts_seconds})
    lines = ["| inside Sterna | median |", "|---|---:|"]
    lines += [f"| {part} | {sterna.part_seconds(part):.2f} s |" for part in parts]
    peak, cpu = sterna.note("executor_peak_bytes"), sterna.note("executors_cpu_seconds")
    each = sterna.note("bus_seconds_per_chunk")
    if peak is not None and cpu is not None and each is not None:
        lines += [
            f"| memory of one executor, peak | {peak / _MEBIBYTE:.0f} MiB |",
            f"| CPU of all executors | {cpu:.2f} s |",
            f"| bus and bookkeeping, each chunk | {each * 1000:.1f} ms |",
        ]
    return lines


def write(folder: Path, name: str, conditions: dict[str, object], figures: object) -> Path:
    """Write figures as JSON, with the machine and the conditions they were taken under."""
    folder.mkdir(parents=True, exist_ok=True)
    moment = datetime.now(UTC)
    document = {
        "at": moment.isoformat(timespec="seconds"),
        "machine": {
            "cpus": os.cpu_count(),
            "platform": platform.platform(),
            "python": platform.python_version(),
            "load": os.getloadavg(),
        },
        "conditions": conditions,
        "figures": msgspec.to_builtins(figures),
    }
    path = folder / f"{name}-{moment:%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path
