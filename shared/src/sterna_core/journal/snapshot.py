from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from sterna_core.journal.codec import Codec
from sterna_core.journal.entry import Answer, Entry, OpenDecision
from sterna_core.journal.fold import EntryKey, Fold
from sterna_core.journal.terms import Position

_FORMAT = 1
"""Goes up when what a snapshot holds beside the states changes."""


class EntrySnapshot(Struct, frozen=True):
    """One aggregate as bytes."""

    org_id: str
    aggregate_id: str
    body: bytes


class Snapshot(Struct, frozen=True):
    """A partition as of one offset, or what has changed in it since another."""

    partition: int
    position: Position
    source_offset: int
    last_record: str
    """Identifies the record before `position`, so that another journal is recognised."""
    schema: str
    entries: tuple[EntrySnapshot, ...]


class SnapshotStore(Protocol):
    """Keeps snapshots, which only save time: losing them loses nothing."""

    async def load(self, partition: int) -> Snapshot | None:
        """Give what was saved last; raises Unreachable."""
        ...

    async def save(self, snapshot: Snapshot, *, since: int | None) -> bool:
        """Save a whole snapshot, or what has changed since the one saved at offset `since`.

        Gives false, and changes nothing, where the one kept is not of that offset: somebody else
        has saved, and only a whole one will do. Raises Unreachable.
        """
        ...


class _Body(Struct, frozen=True):
    state: msgspec.Raw
    sequence: int
    outcomes: dict[str, Answer]
    reports: dict[str, Answer]
    open_decision: OpenDecision | None
    request_id: str | None = None


_encoder = msgspec.json.Encoder()
_bodies = msgspec.json.Decoder(_Body)


def schema_of(codec: Codec) -> str:
    """Name the shapes a snapshot is made of: with other shapes it is of no use."""
    shapes = sorted(f"{a.name}={a.schema_version}" for a in codec.aggregates)
    return f"{_FORMAT}:" + ",".join(shapes)


def entry_snapshot(entry: Entry) -> EntrySnapshot:
    """Write an aggregate."""
    state = msgspec.Raw(_encoder.encode(entry.state))
    body = _Body(
        state,
        entry.sequence,
        entry.outcomes,
        entry.reports,
        entry.open_decision,
        entry.request_id,
    )
    return EntrySnapshot(entry.org_id, entry.aggregate_id, _encoder.encode(body))


def snapshot_of(fold: Fold, entries: Iterable[EntrySnapshot] | None = None) -> Snapshot:
    """Write a partition as of now, with all of its aggregates or those given."""
    if entries is None:
        entries = map(entry_snapshot, fold.entries.values())
    return Snapshot(
        partition=fold.partition,
        position=fold.position,
        source_offset=fold.source_offset,
        last_record=fold.last_record,
        schema=schema_of(fold.codec),
        entries=tuple(entries),
    )


def restore(snapshot: Snapshot, codec: Codec) -> Fold | None:
    """Read a whole snapshot; none where it was written with other shapes."""
    if snapshot.schema != schema_of(codec):
        return None
    decoders = {a.name: msgspec.json.Decoder(a.state_type) for a in codec.aggregates}
    entries: dict[EntryKey, Entry] = {}
    for saved in snapshot.entries:
        entry = _restore_entry(saved, codec, decoders)
        if entry is None:
            return None
        entries[saved.org_id, saved.aggregate_id] = entry
    return Fold(
        snapshot.partition,
        codec,
        position=snapshot.position,
        source_offset=snapshot.source_offset,
        entries=entries,
        last_record=snapshot.last_record,
    )


def _restore_entry(
    saved: EntrySnapshot, codec: Codec, decoders: Mapping[str, msgspec.json.Decoder[Any]]
) -> Entry | None:
    aggregate = codec.aggregate_of(saved.aggregate_id)
    if aggregate is None:
        return None
    try:
        body = _bodies.decode(saved.body)
        state = decoders[aggregate.name].decode(body.state)
    except msgspec.DecodeError:
        return None
    return Entry(
        org_id=saved.org_id,
        aggregate_id=saved.aggregate_id,
        state=state,
        sequence=body.sequence,
        outcomes=body.outcomes,
        reports=body.reports,
        open_decision=body.open_decision,
        request_id=body.request_id,
    )


class InMemorySnapshots:
    """Keeps snapshots in this process: the fake of the store."""

    def __init__(self) -> None:
        self._kept: dict[int, Snapshot] = {}

    async def load(self, partition: int) -> Snapshot | None:
        """Give what was saved last."""
        return self._kept.get(partition)

    async def save(self, snapshot: Snapshot, *, since: int | None) -> bool:
        """Save a whole snapshot, or what has changed."""
        kept = self._kept.get(snapshot.partition)
        if since is None:
            self._kept[snapshot.partition] = snapshot
            return True
        if kept is None or kept.position.next_offset != since:
            return False
        entries = {(e.org_id, e.aggregate_id): e for e in (*kept.entries, *snapshot.entries)}
        self._kept[snapshot.partition] = msgspec.structs.replace(
            snapshot, entries=tuple(entries.values())
        )
        return True
