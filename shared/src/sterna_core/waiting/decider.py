"""Who waits for whom in an organisation: one place that sees every circle."""

from collections.abc import Iterator
from datetime import timedelta

from sterna_core import ids
from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Aggregate, Context, Timer
from sterna_core.migration.schedule_commands import LearnWaits
from sterna_core.waiting import commands as cmd
from sterna_core.waiting import events as ev
from sterna_core.waiting.circles import circle_through, companions, spoken
from sterna_core.waiting.state import State, evolve

RESERVED_FOR = timedelta(seconds=60)
"""By then a migration has said itself for whom it waits, or it does not."""
_CONFIRM_AFTER = timedelta(seconds=30)
"""Answers are given up only when this much later they are all on the bus: timers go in order."""
WAITING_MAX = 5_000
"""Migrations of an organisation that wait at once."""


def decide(state: State, command: cmd.AnyCommand, context: Context) -> tuple[ev.AnyEvent, ...]:
    """Give the events a command leads to; raises Rejected for a circle."""
    match command:
        case cmd.ReserveWaits():
            return _reserve(state, command, context)
        case cmd.RegisterWaits():
            return tuple(_register(state, command, context))
        case cmd.ExpireReservations():
            over = sorted(k for k, each in state.reserved.items() if each.until <= context.now)
            return (ev.ReservationsExpired(at=context.now, migrations=tuple(over)),) if over else ()
        case cmd.ConfirmAnswers():
            if command.answer <= state.confirmed:
                return ()
            return (ev.AnswersConfirmed(at=context.now, answer=command.answer),)


def _reserve(state: State, command: cmd.ReserveWaits, context: Context) -> tuple[ev.AnyEvent, ...]:
    known, key = state.expected, command.migration_id
    circle = circle_through({**known, key: (*known.get(key, ()), *command.waits_for)}, key)
    if circle:
        raise Rejected(
            "waits_for_itself",
            f"These migrations would wait for each other, each for the next: {spoken(circle)}.",
            {"circle": list(circle)},
        )
    if len(known) >= WAITING_MAX and key not in known:
        raise Rejected("too_many_waiting", "Too many migrations of this organisation wait.")
    until = context.now + RESERVED_FOR
    return (
        ev.WaitsReserved(
            at=context.now, migration_id=key, waits_for=command.waits_for, until=until
        ),
    )


def _register(state: State, command: cmd.RegisterWaits, context: Context) -> Iterator[ev.AnyEvent]:
    key, known = command.migration_id, state.waiting.get(command.migration_id)
    if known is not None and known.number >= command.number:
        return
    registered = ev.WaitsRegistered(
        at=context.now, migration_id=key, number=command.number, waits_for=command.waits_for
    )
    yield registered
    after = evolve(state, registered)
    edges = after.edges
    # Who is in a circle that was not there before is in one with whoever has changed.
    touched = {k for k, each in after.waiting.items() if each.circle}
    for each in sorted(touched | companions(edges, key)):
        circle = circle_through(edges, each)
        if circle and circle != after.waiting[each].circle:
            yield ev.CircleFound(at=context.now, migration_id=each, circle=circle)
        elif not circle:
            yield ev.CircleBroken(at=context.now, migration_id=each)


def timers(state: State) -> tuple[Timer, ...]:
    """Tell those who wait how that stands, and forget what is over."""
    return (*_answers(state), *_expiry(state))


def _answers(state: State) -> Iterator[Timer]:
    waiting = {k: each for k, each in state.waiting.items() if each.answer > state.confirmed}
    for key, each in waiting.items():
        yield Timer(
            at=each.at,
            command=LearnWaits(answer=each.answer, waits_for=each.waits_for, circle=each.circle),
            name=f"answer:{each.answer}",
            to=key,
        )
    if waiting:
        at = max(each.at for each in waiting.values()) + _CONFIRM_AFTER
        command = cmd.ConfirmAnswers(answer=state.answers)
        yield Timer(at=at, command=command, name=f"confirm:{state.answers}")


def _expiry(state: State) -> Iterator[Timer]:
    if state.reserved:
        until = min(each.until for each in state.reserved.values())
        yield Timer(at=until, command=cmd.ExpireReservations(), name=f"expire:{until.isoformat()}")


WAITS: Aggregate[State, cmd.AnyCommand, ev.AnyEvent] = Aggregate(
    name="waits",
    id_prefix=ids.WAITS,
    initial=State(),
    commands=cmd.AnyCommand,
    events=ev.AnyEvent,
    state_type=State,
    decide=decide,
    evolve=evolve,
    tasks=lambda _state: (),
    timers=timers,
    schema_version=1,
)
