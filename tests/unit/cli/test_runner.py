from sterna_cli.runner import failure_lines
from sterna_core.errors import MissingRight


def test_several_problems_have_a_line_each_and_one_is_told_in_its_message() -> None:
    one = MissingRight(
        "the role lacks a: GRANT a", details={"problems": ["the role lacks a: GRANT a"]}
    )
    two = MissingRight("lacks a; lacks b", details={"problems": ["lacks a", "lacks b"]})

    assert failure_lines(one) == ["sterna: the role lacks a: GRANT a [missing_right]"]
    assert failure_lines(two) == [
        "sterna: 2 problems stand in the way [missing_right]",
        "  - lacks a",
        "  - lacks b",
    ]
