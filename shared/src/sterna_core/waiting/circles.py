"""Circles in who waits for whom: pure functions over a graph."""

from collections import deque
from collections.abc import Mapping

Edges = Mapping[str, tuple[str, ...]]
"""For whom each one waits."""


def circle_through(edges: Edges, start: str) -> tuple[str, ...]:
    """Give a shortest circle of those who wait for each other, from `start` on; else nothing."""
    came_from: dict[str, str] = {}
    ahead = deque([start])
    while ahead:
        here = ahead.popleft()
        for other in edges.get(here, ()):
            if other == start:
                return _path(came_from, start, here)
            if other not in came_from:
                came_from[other] = here
                ahead.append(other)
    return ()


def companions(edges: Edges, start: str) -> frozenset[str]:
    """Give everybody who is in a circle with `start`, itself included; nobody where there is none."""
    ahead = _reached(edges, start)
    if start not in ahead:
        return frozenset()
    backwards: dict[str, list[str]] = {}
    for one in ahead:
        for other in edges.get(one, ()):
            backwards.setdefault(other, []).append(one)
    return ahead & _reached({key: tuple(each) for key, each in backwards.items()}, start)


def _reached(edges: Edges, start: str) -> frozenset[str]:
    found: set[str] = set()
    ahead = [start]
    while ahead:
        for other in edges.get(ahead.pop(), ()):
            if other not in found:
                found.add(other)
                ahead.append(other)
    return frozenset(found)


def _path(came_from: Mapping[str, str], start: str, last: str) -> tuple[str, ...]:
    backwards = [last]
    while backwards[-1] != start:
        backwards.append(came_from[backwards[-1]])
    return tuple(reversed(backwards))


def spoken(circle: tuple[str, ...]) -> str:
    """Name a circle, for people: each waits for the next, and the last for the first."""
    return " → ".join((*circle, circle[0]))
