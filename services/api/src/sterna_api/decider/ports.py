from dataclasses import dataclass

from sterna_core.clock import Clock
from sterna_core.journal.codec import Codec
from sterna_core.journal.log import Log, RecordSender
from sterna_core.journal.snapshot import SnapshotStore
from sterna_core.journal.topics import Topics


@dataclass(frozen=True)
class DeciderPorts:
    """What owners work with."""

    log: Log
    sender: RecordSender
    snapshots: SnapshotStore
    codec: Codec
    topics: Topics
    clock: Clock
