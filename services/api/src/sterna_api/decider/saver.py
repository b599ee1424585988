import asyncio

import structlog
from msgspec.structs import replace

from sterna_core.errors import Transient
from sterna_core.journal.entry import Entry
from sterna_core.journal.fold import Fold
from sterna_core.journal.snapshot import EntrySnapshot, SnapshotStore, entry_snapshot, snapshot_of

_FINISH_SECONDS = 3.0
_SLICE_ENTRIES = 25
_GOLDEN_RATIO = 0.618034
_log = structlog.get_logger(__name__)


class SnapshotSaver:
    """Saves what has changed in a partition, now and then."""

    def __init__(self, store: SnapshotStore, every_seconds: float, *, partition: int = 0) -> None:
        self._store = store
        self._every_seconds = every_seconds
        self._first_seconds = first_save_seconds(partition, every_seconds)
        self._fold: Fold | None = None
        self._saved_at: int | None = None
        """The offset of the snapshot that is kept, if it is known to be ours."""

    def watch(self, fold: Fold) -> None:
        """Save this fold, which was made from the snapshot that is kept, or from nothing."""
        self._fold = fold
        self._saved_at = fold.next_offset or None

    async def run(self) -> None:
        """Save every so often, for ever."""
        await asyncio.sleep(self._first_seconds)
        while True:
            await self._save()
            await asyncio.sleep(self._every_seconds)

    async def finish(self) -> None:
        """Save once more, if that can be done quickly."""
        try:
            async with asyncio.timeout(_FINISH_SECONDS):
                await self._save()
        except TimeoutError:
            _log.warning("snapshot_not_saved", code="timeout")

    async def _save(self) -> None:
        fold = self._fold
        if fold is None or fold.next_offset == self._saved_at:
            return
        if fold.quarantined:
            return  # a version that can read the journal has to find it unread
        # Up to the next await nothing moves: position, entries and what has changed belong
        # together. Entries are never changed in place, so these stay as they are now.
        snapshot = snapshot_of(fold, ())
        entries = [
            fold.entries[k] for k in (fold.entries if self._saved_at is None else fold.changed)
        ]
        saving, fold.changed = fold.changed, set()
        saved = False
        try:
            snapshot = replace(snapshot, entries=await _write(entries))
            kept = await self._store.save(snapshot, since=self._saved_at)
            self._saved_at = snapshot.position.next_offset if kept else None
            saved = True
        except Transient as error:
            _log.warning("snapshot_not_saved", partition=fold.partition, code=error.code)
        finally:
            if not saved:
                fold.changed |= saving


def first_save_seconds(partition: int, every_seconds: float) -> float:
    """Spread the partitions of a process over the time between two saves.

    All at once they would hold up the commands of that moment. Multiples of the golden ratio lie
    far from each other however many there are, and in whatever partitions a process has.
    """
    return every_seconds * (1 - (partition * _GOLDEN_RATIO) % 1)


async def _write(entries: list[Entry]) -> tuple[EntrySnapshot, ...]:
    """Write aggregates, giving others on this loop a turn in between."""
    written: list[EntrySnapshot] = []
    for start in range(0, len(entries), _SLICE_ENTRIES):
        written.extend(map(entry_snapshot, entries[start : start + _SLICE_ENTRIES]))
        await asyncio.sleep(0)
    return tuple(written)
