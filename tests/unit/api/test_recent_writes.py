from hypothesis import given
from hypothesis import strategies as some

from sterna_api.http.recent_writes import RecentWrites
from sterna_api.projections.positions import EVENTS, JournalPosition

positions = some.builds(JournalPosition, some.integers(0, 3), some.integers(0, 50))


@given(some.lists(positions))
def test_the_furthest_write_of_each_partition_is_waited_for(written: list[JournalPosition]) -> None:
    recent = RecentWrites()
    for each in written:
        recent.note("org", each)
    furthest = {
        (EVENTS, each.partition): max(
            other.offset + 1 for other in written if other.partition == each.partition
        )
        for each in written
    }
    assert recent.of("org") == furthest
    assert recent.of("another") == {}


def test_what_was_written_meanwhile_is_still_waited_for() -> None:
    recent = RecentWrites()
    recent.note("org", JournalPosition(0, 4))
    wanted = recent.of("org")
    recent.note("org", JournalPosition(0, 9))
    recent.seen("org", wanted)
    assert recent.of("org") == {(EVENTS, 0): 10}
    recent.seen("org", recent.of("org"))
    assert recent.of("org") == {}


def test_it_remembers_only_so_many_organisations() -> None:
    recent = RecentWrites(organisations_max=2)
    for name in ("first", "second", "third"):
        recent.note(name, JournalPosition(0, 1))
    assert recent.of("first") == {}
    assert recent.of("third") == {(EVENTS, 0): 2}
