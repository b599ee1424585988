from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.clock import UtcDatetime
from sterna_core.waiting import events as ev
from sterna_core.waiting.circles import Edges

_T = TypeVar("_T")


class Waiting(Struct, frozen=True, kw_only=True):
    """One that waits, as it has said with `number`.

    `answer` counts what it is to be told over all that wait; `at` is when that was decided.
    """

    number: int
    waits_for: tuple[str, ...]
    answer: int
    at: UtcDatetime
    circle: tuple[str, ...] = ()


class Reservation(Struct, frozen=True, kw_only=True):
    """What one is about to wait for."""

    waits_for: tuple[str, ...]
    until: UtcDatetime


class State(Struct, frozen=True, kw_only=True):
    """Who waits for whom in an organisation."""

    waiting: dict[str, Waiting] = {}
    reserved: dict[str, Reservation] = {}
    answers: int = 0
    confirmed: int = 0

    @property
    def edges(self) -> Edges:
        """For whom each one waits, as it has said."""
        return {key: each.waits_for for key, each in self.waiting.items()}

    @property
    def expected(self) -> Edges:
        """For whom each one waits or may soon."""
        edges = dict(self.edges)
        for key, each in self.reserved.items():
            edges[key] = (*edges.get(key, ()), *each.waits_for)
        return edges


def evolve(state: State, event: ev.AnyEvent) -> State:
    """Give the state after an event."""
    match event:
        case ev.WaitsReserved():
            reservation = Reservation(waits_for=event.waits_for, until=event.until)
            return replace(state, reserved={**state.reserved, event.migration_id: reservation})
        case ev.WaitsRegistered():
            reserved = _without(state.reserved, {event.migration_id})
            known = state.waiting.get(event.migration_id)
            one = Waiting(
                number=event.number,
                waits_for=event.waits_for,
                answer=state.answers + 1,
                at=event.at,
                circle=known.circle if known else (),
            )
            return _with(replace(state, reserved=reserved), event.migration_id, one)
        case ev.CircleFound(migration_id=key, circle=circle):
            one = replace(state.waiting[key], circle=circle, answer=state.answers + 1, at=event.at)
            return _with(state, key, one)
        case ev.CircleBroken(migration_id=key):
            one = replace(state.waiting[key], circle=(), answer=state.answers + 1, at=event.at)
            return _with(state, key, one)
        case ev.ReservationsExpired():
            return replace(state, reserved=_without(state.reserved, set(event.migrations)))
        case ev.AnswersConfirmed():
            # Who waits for nobody and knows it needs not be known.
            over = {
                key
                for key, each in state.waiting.items()
                if not each.waits_for and each.answer <= event.answer
            }
            waiting = _without(state.waiting, over)
            return replace(state, waiting=waiting, confirmed=event.answer)


def _with(state: State, key: str, one: Waiting) -> State:
    return replace(state, waiting={**state.waiting, key: one}, answers=one.answer)


def _without(known: dict[str, _T], gone: set[str]) -> dict[str, _T]:
    return {key: each for key, each in known.items() if key not in gone}
