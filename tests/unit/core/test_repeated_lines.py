import logging

from sterna_core.repeated_lines import RepeatedLines


def line(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("aiokafka", logging.ERROR, "", 0, message, arguments, None)


def test_a_line_that_repeats_is_let_through_once_in_a_while_and_counted() -> None:
    now = 0.0
    lines = RepeatedLines(quiet_seconds=10, clock=lambda: now)

    assert lines.filter(line("node %s is away", 1))
    assert not lines.filter(line("node %s is away", 1))
    assert not lines.filter(line("node %s is away", 2))
    now = 11.0
    said = line("node %s is away", 1)

    assert lines.filter(said)
    assert said.getMessage() == "node 1 is away (and 2 times since)"


def test_different_lines_are_let_through() -> None:
    lines = RepeatedLines()

    assert lines.filter(line("one"))
    assert lines.filter(line("another"))
