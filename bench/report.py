"""Prints what the tools took, and writes it down."""

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from bench.tournament import Standing

_MEBIBYTE = 1 << 20


def table(standings: Sequence[Standing]) -> str:
    """Write the figures as a table in Markdown; ratios are against Sterna."""
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
        base = _base(sterna, standing)
        ratio = f"{standing.median_seconds / base:.2f}" if base else ""
        lines.append(
            f"| {standing.name} | {standing.median_seconds:.2f} s "
            f"| {standing.spread_seconds:.2f} s | {ratio} |"
        )
        keys = standing.part_seconds("keys")
        if keys:
            least = standing.median_seconds + keys
            ratio = f"{least / sterna.median_seconds:.2f}" if sterna else ""
            lines.append(f"| {standing.name}, then primary keys | {least:.2f} s | | {ratio} |")
    if sterna is not None:
        lines += ["", *_inside(sterna)]
    return "\n".join(lines)


def _base(sterna: Standing | None, other: Standing) -> float | None:
    """The time of Sterna that a tool's is to be compared with: a pipe moves rows only."""
    if sterna is None:
        return None
    is_pipe = other.name.startswith("raw pipe")
    return sterna.part_seconds("data") if is_pipe else sterna.median_seconds


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
