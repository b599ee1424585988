"""Migrations that would wait for each other for ever: found wherever they are, and told of."""

from datetime import UTC, datetime, timedelta
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as some

from sterna_core.journal.local import LocalDecider
from sterna_core.migration import commands as cmd
from sterna_core.migration import schedule_commands as scmd
from sterna_core.migration.deletion import DeleteMigration
from sterna_core.schedule.schedule import Awaited, Schedule
from sterna_core.waiting.circles import Edges, circle_through, companions
from sterna_core.waiting.commands import RegisterWaits, ReserveWaits
from sterna_core.waiting.decider import RESERVED_FOR, WAITS
from sterna_core.waiting.place import waits_of
from sterna_core.waiting.state import State
from support.migration.clockwork import Clockwork

START = datetime(2026, 2, 1, 12, tzinfo=UTC)
NAMES = tuple(f"mig_{letter}" for letter in "abcdef")
PLACE = waits_of("org_test")
_names = some.sampled_from(NAMES)
_others = some.lists(_names, max_size=3, unique=True).map(tuple)
_graphs = some.dictionaries(_names, _others)


def _in_circles(edges: Edges) -> set[str]:
    """Find who reaches itself, by squaring the relation: another way than the one under test."""
    reach = {(one, other) for one, others in edges.items() for other in others}
    while True:
        further = {(a, d) for (a, b), (c, d) in product(reach, reach) if b == c} - reach
        if not further:
            return {a for a, b in reach if a == b}
        reach |= further


@given(_graphs)
def test_whoever_reaches_itself_is_in_a_circle_and_nobody_else(edges: Edges) -> None:
    in_circles = _in_circles(edges)
    for name in NAMES:
        circle = circle_through(edges, name)
        assert bool(circle) == (name in in_circles)
        assert (name in companions(edges, name)) == (name in in_circles)
        for one, other in zip(circle, (*circle[1:], *circle[:1]), strict=True):
            assert other in edges[one]
        assert len(set(circle)) == len(circle)


@given(some.lists(some.tuples(_names, _others, some.booleans()), max_size=12))
def test_whatever_is_said_in_whatever_order_circles_are_known_and_none_is_asked_for(
    said: list[tuple[str, tuple[str, ...], bool]],
) -> None:
    decider = LocalDecider([WAITS], org_id="org_test")
    decider.now = START
    for number, (name, others, asked) in enumerate(said):
        if asked:
            expected = decider.state(PLACE).expected
            wanted = {**expected, name: (*expected.get(name, ()), *others)}
            outcome = decider.send(PLACE, ReserveWaits(migration_id=name, waits_for=others))
            assert outcome is not None
            refused = outcome.rejected is not None
            assert refused == (name in _in_circles(wanted))
            if outcome.rejected is not None:
                assert outcome.rejected.code == "waits_for_itself"
                assert outcome.rejected.details["circle"][0] == name
        else:
            command = RegisterWaits(migration_id=name, number=number, waits_for=others)
            decider.send(PLACE, command, expect_outcome=False)
        state: State = decider.state(PLACE)
        marked = {key for key, each in state.waiting.items() if each.circle}
        assert marked == _in_circles(state.edges)
        answers = [each.answer for each in state.waiting.values()]
        assert len(set(answers)) == len(answers)


def test_what_is_asked_for_is_reserved_until_the_migration_says_it_itself() -> None:
    decider = LocalDecider([WAITS], org_id="org_test")
    decider.now = START
    one, other = NAMES[:2]
    decider.send(PLACE, ReserveWaits(migration_id=one, waits_for=(other,)))
    closing = ReserveWaits(migration_id=other, waits_for=(one,))
    refused = decider.send(PLACE, closing)
    assert refused is not None
    assert refused.rejected is not None
    assert refused.rejected.details == {"circle": [other, one]}
    decider.now += RESERVED_FOR
    decider.fire_timers(PLACE)
    late = decider.send(PLACE, closing)
    assert late is not None
    assert late.rejected is None


def _waiting_for(*others: str) -> Schedule:
    awaited = tuple(Awaited(migration_id=each, condition="completed") for each in others)
    return Schedule(wait_for=awaited)


def _raced(graph: Edges, order: list[str]) -> Clockwork:
    """Migrations whose schedules were all set before any of them could be looked at."""
    clock = Clockwork(START)
    for name in NAMES:
        clock.create(name)
    for name in order:
        clock.send(name, scmd.SetSchedule(schedule=_waiting_for(*graph.get(name, ()))))
    clock.settle()
    return clock


@settings(max_examples=25, deadline=None)
@given(
    some.dictionaries(_names, _others).map(
        lambda graph: {k: tuple(each for each in v if each != k) for k, v in graph.items()}
    ),
    some.permutations(NAMES),
)
def test_a_circle_that_a_race_has_made_is_told_to_all_of_it_and_every_other_is_carried_out(
    graph: dict[str, tuple[str, ...]], order: list[str]
) -> None:
    clock = _raced(graph, order)
    in_circles = _in_circles(graph)
    for name in NAMES:
        assert bool(clock.decider.state(name).about.agenda.circle) == (name in in_circles)
    # One of each circle is changed; then nobody waits for ever.
    while told := [n for n in NAMES if clock.decider.state(n).about.agenda.circle]:
        clock.send(told[0], scmd.SetSchedule(schedule=Schedule()))
        clock.settle()
    for name in NAMES:
        agenda = clock.decider.state(name).about.agenda
        if not agenda.waits_for:
            clock.send(name, cmd.StartMigration())
    for _ in NAMES:
        for name in NAMES:
            clock.finish(name)
        clock.settle()
    assert {clock.status(name) for name in NAMES} == {"completed"}


def test_a_circle_is_left_by_a_deletion_and_by_a_start_too() -> None:
    for leave in (DeleteMigration(), cmd.StartMigration()):
        clock = _raced({NAMES[0]: (NAMES[1],), NAMES[1]: (NAMES[0],)}, list(NAMES))
        assert clock.decider.state(NAMES[1]).about.agenda.circle == (NAMES[1], NAMES[0])
        clock.send(NAMES[0], leave)
        clock.settle()
        assert clock.decider.state(NAMES[1]).about.agenda.circle == ()


def test_who_waits_for_nobody_any_more_is_forgotten() -> None:
    clock = _raced({NAMES[0]: (NAMES[1],)}, list(NAMES))
    assert set(clock.decider.state(PLACE).waiting) == {NAMES[0]}
    clock.send(NAMES[0], cmd.StartMigration())
    clock.settle()
    assert clock.decider.state(PLACE).edges == {NAMES[0]: ()}
    clock.to(clock.now + timedelta(minutes=2))
    assert clock.decider.state(PLACE).waiting == {}
    assert clock.decider.timers(PLACE) == ()
