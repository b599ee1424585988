from hypothesis import given
from hypothesis import strategies as st

from sterna_executor.tasks.offsets import Offsets


def test_nothing_is_due_before_anything_was_taken() -> None:
    assert Offsets().due() == {}


def test_an_unfinished_record_holds_back_those_after_it() -> None:
    offsets = Offsets()
    for offset in (3, 4, 5):
        offsets.take(0, offset)
    offsets.done(0, 4)
    offsets.done(0, 5)

    assert offsets.due() == {0: 3}

    offsets.done(0, 3)

    assert offsets.due() == {0: 6}


def test_what_was_committed_is_not_due_again() -> None:
    offsets = Offsets()
    offsets.take(0, 1)
    offsets.done(0, 1)
    offsets.committed(offsets.due())

    assert offsets.due() == {}


def test_partitions_of_somebody_else_are_not_committed() -> None:
    offsets = Offsets()
    offsets.take(0, 1)
    offsets.take(1, 1)
    offsets.forget({0})

    assert offsets.due() == {1: 1}


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=80))
def test_no_commit_ever_passes_a_record_that_is_not_done(steps: list[tuple[bool, int]]) -> None:
    offsets = Offsets()
    taken = 0
    unfinished: set[int] = set()
    for takes, which in steps:
        if takes or not unfinished:
            offsets.take(0, taken)
            unfinished.add(taken)
            taken += 1
        else:
            chosen = sorted(unfinished)[which % len(unfinished)]
            unfinished.discard(chosen)
            offsets.done(0, chosen)
        due = offsets.due()
        if due:
            assert due[0] == min(unfinished or {taken})
            offsets.committed(due)
