"""Which rows of a span are refused, found against a target that is a set."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_core.errors import DataRejected
from sterna_executor.databases.postgresql.sift import Bounds, Span, Tally, sift

NO_BOUNDS = Bounds(rows=10_000, in_succession=10_000)


class Shelf:
    """Rows 1 to `count`; a value is refused where it is bad, or where it is there already.

    `names` says how a refusal tells its row: rightly, by one that was read before it, or not.
    """

    def __init__(self, values: list[int], bad: set[int], *, names: str = "rightly") -> None:
        self.values = dict(enumerate(values, start=1))
        self.bad = bad
        self.names = names
        self.copied: list[int] = []
        self.attempts = 0
        self.sent = 0

    def within(self, span: Span[int]) -> list[int]:
        if span.only is not None:
            return [span.only] if span.only in self.values else []
        first, last = span.after or 0, span.before or len(self.values) + 1
        return [place for place in self.values if first < place < last]

    async def attempt(self, span: Span[int]) -> int:
        self.attempts += 1
        present = {self.values[place] for place in self.copied}
        places = self.within(span)
        for line, place in enumerate(places, start=1):
            self.sent += 1
            value = self.values[place]
            if value in self.bad or (value < 0 and value in present):
                early = max(1, line - 3)
                told = {"rightly": {"line": line}, "early": {"line": early}, "not": {}}
                raise DataRejected("refused", details=told[self.names])
            present.add(value)
        self.copied += places
        return len(places)

    async def named(self, span: Span[int], error: DataRejected) -> int | None:
        line = error.details.get("line")
        return None if line is None else self.within(span)[line - 1]

    async def middle(self, span: Span[int]) -> int | None:
        places = self.within(span)
        return places[len(places) // 2] if places else None


def sifted(shelf: Shelf, bounds: Bounds = NO_BOUNDS) -> tuple[list[int], int]:
    whole: Span[int] = Span()
    refused, copied = asyncio.run(sift(shelf, whole, Tally(bounds)))
    return [row.place for row in refused], copied


def expected(values: list[int], bad: set[int]) -> list[int]:
    """Give the rows that are refused when rows come one by one."""
    present: set[int] = set()
    refused = []
    for place, value in enumerate(values, start=1):
        if value in bad or (value < 0 and value in present):
            refused.append(place)
        else:
            present.add(value)
    return refused


rows = st.lists(st.integers(-4, 12), max_size=60)


@given(rows, st.sets(st.integers(0, 12), max_size=6), st.sampled_from(["rightly", "early", "not"]))
def test_exactly_what_is_refused_one_by_one_is_refused_and_all_else_is_copied_once_in_order(
    values: list[int], bad: set[int], names: str
) -> None:
    shelf = Shelf(values, bad, names=names)

    refused, copied = sifted(shelf)

    assert refused == expected(values, bad)
    assert shelf.copied == [place for place in shelf.values if place not in refused]
    assert copied == len(shelf.copied)


@given(rows, st.sets(st.integers(0, 12), max_size=6))
def test_rows_travel_at_most_about_twice_where_refusals_name_them(
    values: list[int], bad: set[int]
) -> None:
    shelf = Shelf(values, bad)

    refused, _ = sifted(shelf)

    assert shelf.sent <= 2 * len(values) + 2 * len(refused)
    assert shelf.attempts <= 4 * len(refused) + 1


def test_one_refused_row_of_many_is_found_in_few_attempts_without_a_name() -> None:
    shelf = Shelf(list(range(100_000)), {77_777}, names="not")

    refused, copied = sifted(shelf)

    assert (refused, copied) == ([77_778], 99_999)
    assert shelf.attempts <= 3 * 17 + 1


def test_too_many_refused_rows_are_given_up() -> None:
    shelf = Shelf(list(range(100)), set(range(0, 100, 2)))

    with pytest.raises(DataRejected) as refused:
        sifted(shelf, Bounds(rows=20, in_succession=100))

    assert refused.value.code == "too_many_data_errors"
    assert refused.value.details["refused"] == 21


def test_too_many_refused_rows_in_succession_are_given_up() -> None:
    shelf = Shelf(list(range(100)), set(range(50, 70)))

    with pytest.raises(DataRejected) as refused:
        sifted(shelf, Bounds(rows=100, in_succession=10))

    assert refused.value.code == "too_many_data_errors"
    assert refused.value.details["in_succession"] == 11


def test_a_refusal_that_is_about_no_row_is_raised() -> None:
    class Refusing(Shelf):
        async def attempt(self, span: Span[int]) -> int:
            raise DataRejected("refused")

    with pytest.raises(DataRejected):
        sifted(Refusing([], set()))
