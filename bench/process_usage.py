"""What processes use, as the kernel counts it."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_RESET_PEAK = "5"
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Usage(Struct, frozen=True):
    """The largest peak of resident memory of one process, and the CPU time of all."""

    peak_bytes: int
    cpu_seconds: float


class UsageMeter:
    """Measures processes between its making and `read`."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = list(pids)
        for pid in self._pids:
            Path(f"/proc/{pid}/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
        self._began = self._cpu_seconds()

    def read(self) -> Usage:
        """Give what was used since."""
        peaks = [_peak_bytes(pid) for pid in self._pids]
        return Usage(max(peaks), self._cpu_seconds() - self._began)

    def _cpu_seconds(self) -> float:
        return sum(_cpu_seconds(pid) for pid in self._pids)


def _peak_bytes(pid: int) -> int:
    found = _PEAK.search(Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) * 1024


def _cpu_seconds(pid: int) -> float:
    # The command name stands in parentheses and may itself hold blanks and parentheses.
    line = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(line[11]) + int(line[12])) / _TICKS_PER_SECOND
