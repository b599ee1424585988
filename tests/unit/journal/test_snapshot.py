from dataclasses import replace as replaced
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sterna_api.decider.saver import SnapshotSaver, first_save_seconds
from sterna_core.errors import Unreachable
from sterna_core.journal.codec import Codec
from sterna_core.journal.fold import fold_of
from sterna_core.journal.local import LocalDecider
from sterna_core.journal.snapshot import (
    InMemorySnapshots,
    Snapshot,
    entry_snapshot,
    restore,
    snapshot_of,
)
from sterna_core.journal.tally import TALLY, Add, Hand, Remind

CODEC = Codec([TALLY])


def decided(steps: list[tuple[int, int, bool]]) -> LocalDecider:
    decider = LocalDecider([TALLY])
    for tally, number, waits in steps:
        command = {0: Hand(f"task{number}"), 1: Remind(decider.now)}.get(
            number % 5, Add(number - 3, parts=1 + number % 2)
        )
        decider.send(
            f"tally_{tally}", command, command_id=str(UUID(int=number)), expect_outcome=waits
        )
    return decider


steps = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12), st.booleans()), max_size=25)


@settings(deadline=None)
@given(steps=steps, share=st.floats(0, 1))
def test_folding_from_a_snapshot_is_folding_from_zero(
    steps: list[tuple[int, int, bool]], share: float
):
    records = decided(steps).events
    cut = int(len(records) * share)
    restored = restore(snapshot_of(fold_of(0, CODEC, records[:cut])), CODEC)
    assert restored is not None
    for record in records[cut:]:
        restored.apply(record)
    whole = fold_of(0, CODEC, records)
    assert restored.entries == whole.entries
    assert (restored.position, restored.source_offset, restored.last_record) == (
        whole.position,
        whole.source_offset,
        whole.last_record,
    )


@settings(deadline=None)
@given(steps=steps, saves=st.lists(st.integers(0, 60), max_size=6), fail=st.integers(0, 5))
async def test_what_is_saved_bit_by_bit_is_the_whole(
    steps: list[tuple[int, int, bool]], saves: list[int], fail: int
):
    class Failing(InMemorySnapshots):
        async def save(self, snapshot: Snapshot, *, since: int | None) -> bool:
            if len(snapshot.entries) % 6 == fail:
                raise Unreachable("by test")
            return await super().save(snapshot, since=since)

    store = Failing()
    saver = SnapshotSaver(store, every_seconds=60)
    fold = fold_of(0, CODEC, [])
    saver.watch(fold)
    for place, record in enumerate(decided(steps).events):
        fold.apply(record)
        for _ in range(saves.count(place)):
            await saver.finish()
    kept = await store.load(0)
    if kept is not None:
        restored = restore(kept, CODEC)
        whole = fold_of(0, CODEC, decided(steps).events[: kept.position.next_offset])
        assert restored is not None
        assert restored.entries == whole.entries


@given(partitions=st.integers(2, 64))
def test_the_partitions_of_a_process_are_not_saved_at_the_same_moment(partitions: int):
    moments = sorted(first_save_seconds(each, 60) for each in range(partitions))
    assert moments[0] > 0
    assert moments[-1] <= 60
    assert min(b - a for a, b in pairwise(moments)) > 60 / partitions / 3


def test_a_fold_of_ones_own_batches_is_the_fold_of_reading_them():
    decider = decided([(n % 3, n, n % 2 == 0) for n in range(12)] * 2)
    live, read = decider._tenure.fold, fold_of(0, CODEC, decider.events)
    assert live.entries == read.entries
    assert (live.position, live.source_offset, live.last_record) == (
        read.position,
        read.source_offset,
        read.last_record,
    )


def test_a_snapshot_of_other_shapes_is_not_used():
    snapshot = snapshot_of(decided([(0, 7, True)])._tenure.fold)
    assert restore(snapshot, CODEC) is not None
    assert restore(snapshot, Codec([replaced(TALLY, schema_version=2)])) is None


async def test_changes_are_only_added_to_the_snapshot_they_follow():
    store = InMemorySnapshots()
    decider = decided([(0, 7, True), (1, 7, True)])
    fold = decider._tenure.fold
    first = fold.next_offset
    assert await store.save(snapshot_of(fold), since=None)
    decider.send("tally_1", Add(9))
    changed = [entry_snapshot(fold.entries["org_test", "tally_1"])]
    assert not await store.save(snapshot_of(fold, changed), since=first - 1)
    assert await store.save(snapshot_of(fold, changed), since=first)
    kept = await store.load(0)
    assert kept is not None
    restored = restore(kept, CODEC)
    assert restored is not None
    assert restored.entries == fold.entries


@pytest.mark.parametrize("partition", [0, 7])
async def test_nothing_is_loaded_where_nothing_was_saved(partition: int):
    assert await InMemorySnapshots().load(partition) is None
