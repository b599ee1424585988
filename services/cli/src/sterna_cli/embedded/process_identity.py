"""Which process a pid means: a pid alone may have been given to another one since."""

import os
import signal
import time
from pathlib import Path

import msgspec

_PROC = Path("/proc")
_BOOT_ID = _PROC / "sys/kernel/random/boot_id"
_ENDED = {"Z", "X"}
_POLL_SECONDS = 0.02


class ProcessIdentity(msgspec.Struct, frozen=True):
    """A process as recorded: `start_ticks` are clock ticks between the boot and its start."""

    pid: int
    start_ticks: int
    boot_id: str

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity | None":
        """Name the process that has this pid now; None if there is none (a zombie is none)."""
        stat = _Stat.read(pid)
        if stat is None or stat.state in _ENDED:
            return None
        return cls(pid, stat.start_ticks, _BOOT_ID.read_text(encoding="ascii").strip())

    def alive(self) -> bool:
        """Tell whether this very process still runs."""
        return ProcessIdentity.of(self.pid) == self

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal to this very process; False if it is gone."""
        if not self.alive():
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True

    def wait_gone(self, seconds: float) -> bool:
        """Block until the process is gone; False after `seconds`."""
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def children(self) -> "list[ProcessIdentity]":
        """List the processes that this one started and that still run."""
        found = []
        for entry in _PROC.iterdir():
            if not entry.name.isdigit():
                continue
            stat = _Stat.read(int(entry.name))
            if stat is not None and stat.parent == self.pid:
                child = ProcessIdentity.of(int(entry.name))
                if child is not None:
                    found.append(child)
        return found


class _Stat(msgspec.Struct, frozen=True):
    """What /proc/<pid>/stat says."""

    state: str
    parent: int
    start_ticks: int

    @classmethod
    def read(cls, pid: int) -> "_Stat | None":
        try:
            line = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return None
        # The command name stands in parentheses and may itself hold blanks and parentheses.
        words = line.rpartition(")")[2].split()
        return cls(state=words[0], parent=int(words[1]), start_ticks=int(words[19]))
