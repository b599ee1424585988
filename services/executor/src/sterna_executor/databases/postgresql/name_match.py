"""How alike two names are, and which belong together."""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from sterna_executor.databases.postgresql.tokens import (
    RUN_TOGETHER,
    alike,
    run_together,
    spelt_out,
    tokens,
)

UNMATCHED_CAP = 0.75
"""The most that two names can have while a word of one has no counterpart in the other."""

CONTEXT_FACTOR = 0.97
"""For a word without a counterpart that only repeats the name of the table."""

ORDER_FACTOR = 0.98
PAIRS_AT_MOST = 150_000
"""Of names that are not equal, so many pairs are weighed; with more, none is."""


class Pair(Struct, frozen=True):
    """Two names that belong together, by their places, and how sure that is."""

    source: int
    target: int
    score: float


def name_score(first: str, second: str, context: frozenset[str] = frozenset()) -> float:
    """Say how alike two names are, from 0 to 1; the same in both directions.

    They are compared word by word. `context` holds the words of the names of their tables, which
    a column's name may repeat.
    """
    if first == second:
        return 1.0
    ours, theirs = sorted((tokens(first), tokens(second)))
    if ours == theirs:
        return 0.995 if first.casefold() != second.casefold() else 0.999
    score = _by_words(ours, theirs, context)
    if len(ours) != len(theirs) and (run_together(ours, theirs) or run_together(theirs, ours)):
        score = max(score, RUN_TOGETHER)
    return round(score, 4)


def words_of(*names: str) -> frozenset[str]:
    """Give the words of some names, as a context."""
    return frozenset(word for name in names for word in tokens(name))


def assign(
    sources: Sequence[str],
    targets: Sequence[str],
    score: Callable[[int, int], float],
    at_least: float,
) -> list[Pair]:
    """Pair names one to one, the surest first; what is below `at_least` stays alone.

    `score` takes places. Names that are equal, or are so when what is short is spelt out, are paired
    without looking at the others. The result does not depend on the order of the names.
    """
    found: list[Pair] = []
    left = set(range(len(sources)))
    free = set(range(len(targets)))
    for spelling in (str, str.casefold, spelt_out):
        by_name = _unique(targets, free, spelling)
        for place, name in _unique(sources, left, spelling).items():
            match = by_name.get(place)
            if match is not None and (sure := score(name, match)) >= at_least:
                found.append(Pair(name, match, sure))
                left.discard(name)
                free.discard(match)
    if len(left) * len(free) > PAIRS_AT_MOST:
        return sorted(found, key=lambda pair: pair.source)
    weighed = (
        Pair(one, other, sure)
        for one in left
        for other in free
        if (sure := score(one, other)) >= at_least
    )
    for pair in sorted(weighed, key=lambda p: (-p.score, sources[p.source], targets[p.target])):
        if pair.source in left and pair.target in free:
            found.append(pair)
            left.discard(pair.source)
            free.discard(pair.target)
    return sorted(found, key=lambda pair: pair.source)


def _unique(
    names: Sequence[str], places: Iterable[int], spelling: Callable[[str], str]
) -> dict[str, int]:
    """Give the place of each name; one that is spelt like another is left out."""
    found: dict[str, list[int]] = {}
    for place in places:
        found.setdefault(spelling(names[place]), []).append(place)
    return {name: same[0] for name, same in found.items() if len(same) == 1}


def _by_words(ours: Sequence[str], theirs: Sequence[str], context: frozenset[str]) -> float:
    pairs = sorted(
        (
            (sure, place, counterpart)
            for place, one in enumerate(ours)
            for counterpart, other in enumerate(theirs)
            if (sure := alike(one, other)) > 0
        ),
        key=lambda each: (-each[0], abs(each[1] - each[2]), each[1] + each[2]),
    )
    if not pairs:
        return 0.0
    met: dict[int, int] = {}
    total, size = 0.0, 0
    for sure, place, counterpart in pairs:
        if place not in met and counterpart not in met.values():
            met[place] = counterpart
            total += sure
            size += 1
    alone = [word for place, word in enumerate(ours) if place not in met]
    alone += [word for place, word in enumerate(theirs) if place not in met.values()]
    score = total / size
    strangers = [word for word in alone if not any(alike(word, known) > 0 for known in context)]
    if strangers:
        share = 2 * size / (2 * size + len(strangers))
        score = min(UNMATCHED_CAP, score * share)
    score *= CONTEXT_FACTOR ** (len(alone) - len(strangers))
    order = [met[place] for place in sorted(met)]
    return score * (1.0 if order == sorted(order) else ORDER_FACTOR)
