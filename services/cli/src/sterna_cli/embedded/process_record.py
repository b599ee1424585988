"""A file that says which process was started, so that the next start can end a leftover."""

import signal
from pathlib import Path

import msgspec

from sterna_cli.embedded.process_identity import ProcessIdentity


class ProcessRecord(msgspec.Struct, frozen=True):
    """A started process and how it is asked to stop."""

    identity: ProcessIdentity
    name: str
    stop_signal: int
    grace_seconds: float

    def write(self, path: Path) -> None:
        """Keep the record, replacing an older one at once."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(self))
        fresh.replace(path)

    @classmethod
    def read(cls, path: Path) -> "ProcessRecord | None":
        """Give the record, or None if there is none or it is torn."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except (FileNotFoundError, msgspec.DecodeError):
            return None


def end_leftover(path: Path) -> bool:
    """Stop the recorded process if that very process still runs; True if it did. Blocks."""
    record = ProcessRecord.read(path)
    if record is None:
        path.unlink(missing_ok=True)
        return False
    children = record.identity.children()
    ended = record.identity.signal(signal.Signals(record.stop_signal))
    if ended and not record.identity.wait_gone(record.grace_seconds):
        record.identity.signal(signal.SIGKILL)
        record.identity.wait_gone(record.grace_seconds)
        for child in children:
            child.signal(signal.SIGKILL)
    path.unlink(missing_ok=True)
    return ended
