import pytest

from sterna_core.journal.record import StoredRecord
from sterna_core.journal.terms import (
    TERM_STARTED,
    Mark,
    Position,
    Reading,
    anchored_position,
    mark_of,
    read_on,
)


def opened(term: int, owner: str) -> Mark:
    return Mark(TERM_STARTED, term, owner, 0)


def event(term: int, owner: str) -> Mark:
    return Mark("tally.added.v1", term, owner, 0)


@pytest.mark.parametrize(
    ("marks", "count"),
    [
        ([event(0, "a")], [False]),
        ([opened(1, "a"), event(1, "a")], [True, True]),
        ([opened(1, "a"), event(1, "b")], [True, False]),
        (
            [opened(1, "a"), opened(1, "b"), event(1, "b"), event(1, "a")],
            [True, False, False, True],
        ),
        ([opened(1, "a"), opened(2, "b"), event(1, "a"), event(2, "b")], [True, True, False, True]),
        (
            [opened(3, "a"), opened(2, "b"), event(2, "b"), event(3, "a")],
            [True, False, False, True],
        ),
        ([opened(1, "a"), event(2, "a")], [True, False]),
    ],
    ids=[
        "no term is open",
        "the owner of the term is heard",
        "another owner is not",
        "the first claim of a number wins",
        "an older term is over",
        "a late claim of a lower number is nothing",
        "a term that was never opened is nothing",
    ],
)
def test_whose_records_count_follows_from_the_order_of_the_log(
    marks: list[Mark], count: list[bool]
):
    reading, found = Reading(), []
    for mark in marks:
        reading, counts = read_on(reading, mark)
        found.append(counts)
    assert found == count


def record(offset: int, mark: Mark) -> StoredRecord:
    headers = (
        ("ce_type", mark.type.encode()),
        ("ce_term", str(mark.term).encode()),
        ("ce_owner", mark.owner.encode()),
        ("ce_position", str(mark.position).encode()),
    )
    return StoredRecord(0, offset, b"", b"", headers)


def test_a_record_without_a_mark_does_not_count():
    assert mark_of(StoredRecord(0, 0, None, None, ())) is None
    broken = record(0, event(1, "a"))
    headers = tuple((n, b"x" if n == "ce_term" else v) for n, v in broken.headers)
    assert mark_of(StoredRecord(0, 0, b"", b"", headers)) is None


def test_a_reader_that_begins_at_the_end_learns_the_term_from_a_record_that_stands_in_its_place():
    late = record(7, Mark("tally.added.v1", 1, "old", 5))
    placed = record(8, Mark("tally.added.v1", 4, "new", 8))
    assert anchored_position([late]) is None
    assert anchored_position([late, placed]) == Position(9, 4, "new")
    assert anchored_position([placed, record(9, Mark("x", 1, "old", 6))]) == Position(10, 4, "new")


def test_a_claim_after_the_place_that_is_certain_is_followed():
    placed = record(8, Mark("tally.added.v1", 4, "new", 8))
    claim = record(9, Mark(TERM_STARTED, 5, "newer", 7))
    assert anchored_position([placed, claim]) == Position(10, 5, "newer")
