"""What this process uses of its machine, as Linux tells it."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

_LOOPBACK = "lo"
_BITS = 8
_MEGABIT = 1_000_000


class Usage(Struct, frozen=True):
    """Percentages of all that the machine has; None where it does not say."""

    cpu_percent: float | None
    memory_percent: float | None
    network_percent: float | None


class Link(Struct, frozen=True):
    """Bytes that went through a network interface, and what it can carry, in bytes per second."""

    received: int
    sent: int
    capacity: float


class UsageMeter:
    """Measures since the last time it was asked."""

    def __init__(
        self,
        *,
        root: Path = Path("/"),
        cpu_seconds: Callable[[], float] = lambda: sum(os.times()[:4]),
        seconds: Callable[[], float] = time.monotonic,
        cores: int | None = None,
    ) -> None:
        self._root = root
        self._cpu_seconds = cpu_seconds
        self._seconds = seconds
        self._cores = cores or len(os.sched_getaffinity(0))
        self._last = seconds()
        self._last_cpu = cpu_seconds()
        self._last_links = self._links()

    def read(self) -> Usage:
        """Give what was used since the last call, and the memory that is used now."""
        now, cpu, links = self._seconds(), self._cpu_seconds(), self._links()
        span = now - self._last
        usage = Usage(
            round(min(100.0, 100.0 * (cpu - self._last_cpu) / span / self._cores), 1)
            if span > 0
            else None,
            self._memory_percent(),
            _network_percent(self._last_links, links, span) if span > 0 else None,
        )
        self._last, self._last_cpu, self._last_links = now, cpu, links
        return usage

    def _memory_percent(self) -> float | None:
        try:
            pages = int((self._root / "proc/self/statm").read_text().split()[1])
            total = int((self._root / "proc/meminfo").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            return None
        used = pages * os.sysconf("SC_PAGE_SIZE")
        return round(100.0 * used / (total * 1024), 1) if total else None

    def _links(self) -> Mapping[str, Link]:
        try:
            lines = (self._root / "proc/net/dev").read_text().splitlines()[2:]
        except OSError:
            return {}
        found = {}
        for line in lines:
            name, _, figures = line.partition(":")
            columns = figures.split()
            megabits = self._megabits(name.strip())
            if megabits > 0 and len(columns) > _BITS:
                capacity = megabits * _MEGABIT / _BITS
                found[name.strip()] = Link(int(columns[0]), int(columns[8]), capacity)
        return found

    def _megabits(self, name: str) -> int:
        if name == _LOOPBACK:
            return 0
        try:
            return int((self._root / "sys/class/net" / name / "speed").read_text())
        except (OSError, ValueError):
            return 0


def _network_percent(
    before: Mapping[str, Link], now: Mapping[str, Link], seconds: float
) -> float | None:
    """Give how full the fullest direction of the fullest interface was."""
    percents = [
        100.0
        * max(link.received - before[name].received, link.sent - before[name].sent)
        / seconds
        / link.capacity
        for name, link in now.items()
        if name in before
    ]
    return round(min(100.0, max(0.0, *percents)), 1) if percents else None
