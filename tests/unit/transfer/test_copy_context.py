import pytest

from sterna_executor.databases.postgresql.copy_context import place_in_copy

COLUMNS = ["id", "na, me: x", "na", "word"]


@pytest.mark.parametrize(
    ("context", "place"),
    [
        ('COPY t, line 7, column word: "s3cret"', {"line": 7, "column": "word"}),
        ("COPY t, line 7, column word", {"line": 7, "column": "word"}),
        ("COPY t, line 7, column word: null input", {"line": 7, "column": "word"}),
        ('COPY t, line 7: "1\ts3cret, column word: "', {"line": 7}),
        ("COPY t, line 7", {"line": 7}),
        ('COPY t, line 7, column na, me: x: "s3cret"', {"line": 7, "column": "na, me: x"}),
        ("COPY t, line 7, column s3cret", {"line": 7}),
        ('COPY t, Zeile 7, Spalte word: "s3cret"', {"line": 7, "column": "word"}),
        ("PL/pgSQL function f(t) line 3 at RAISE\nCOPY t, line 12", {"line": 12}),
        ("COPY other, line 7, column word", {}),
        ("", {}),
    ],
)
def test_only_a_line_and_a_known_column_are_taken(
    context: str, place: dict[str, int | str]
) -> None:
    assert place_in_copy(context, "t", COLUMNS) == place
