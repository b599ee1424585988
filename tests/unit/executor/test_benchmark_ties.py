"""A copy under new ids is no worse for ordering documents that are as near each other otherwise."""

from sterna_executor.namespaces.benchmark.side import Answers
from sterna_executor.namespaces.benchmark.ties import without_ties

SCORES = [0.9, 0.8, 0.8, 0.7, 0.7]


def answers(found: list[str], scores: list[float] = SCORES) -> Answers:
    return Answers({"q": found}, {"q": scores}, [0.1])


def settled(after: Answers) -> list[str]:
    before = answers(["a", "b", "c", "d", "e"])
    return without_ties(before, after, str.upper).rankings["q"]


def test_ties_that_new_ids_have_turned_round_stand_as_in_the_source() -> None:
    assert settled(answers(["A", "C", "B", "E", "D"])) == ["A", "B", "C", "D", "E"]


def test_of_the_last_that_are_as_near_others_may_have_been_cut_off() -> None:
    assert settled(answers(["A", "C", "B", "X", "Y"])) == ["A", "B", "C", "D", "E"]


def test_whatever_else_is_otherwise_stays_to_be_judged() -> None:
    for found in (["A", "B", "X", "D", "E"], ["B", "A", "C", "D", "E"]):
        assert settled(answers(found)) == found
    worse = [0.9, 0.8, 0.8, 0.7, 0.6]
    assert settled(answers(["A", "B", "C", "D", "X"], worse)) == ["A", "B", "C", "D", "X"]
    assert settled(answers(["A", "B"], [0.9, 0.8])) == ["A", "B"]
    nothing = Answers({}, {}, [])
    assert without_ties(answers(["a"], [0.9]), nothing, str.upper).rankings == {}
