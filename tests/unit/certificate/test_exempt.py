"""What the exceptions of a certificate explain of a source that is summed again."""

import pytest

from sterna_cli.certificate.exempt import explanation_of
from sterna_cli.certificate.recount import Difference
from sterna_core.certificate.statement import SKIPPED, Exempt

SKIPPED_ROWS = Exempt(table_id="public.a", rows=2, reason=f"{SKIPPED} key:1: not wanted")
REPLACED = Exempt(table_id="public.a", rows=1, reason="another value of word than on the source")
ELSEWHERE = Exempt(table_id="public.b", rows=9, reason=f"{SKIPPED} key:1: not wanted")


def difference(**fields: object) -> Difference:
    given = {"table_id": "public.a", "side": "source", "certified_rows": 10, "rows": 12, "parts": 2}
    return Difference(**{**given, **fields})


@pytest.mark.parametrize("parts", [1, 2, 3, 4])
def test_rows_left_out_and_rows_with_another_value_explain_as_many_parts(parts: int) -> None:
    found = explanation_of(difference(parts=parts), (SKIPPED_ROWS, REPLACED, ELSEWHERE))

    assert found is not None
    assert (found.rows_left_out, found.rows_replaced, found.parts) == (2, 1, parts)


@pytest.mark.parametrize(
    "fields",
    [
        {"side": "target"},
        {"rows": 11},
        {"rows": 13},
        {"rows": None},
        {"parts": 5},
        {"table_id": "public.c"},
    ],
)
def test_what_is_more_than_was_decided_is_not_explained(fields: dict[str, object]) -> None:
    assert explanation_of(difference(**fields), (SKIPPED_ROWS, REPLACED, ELSEWHERE)) is None


def test_nothing_is_explained_without_an_exception() -> None:
    assert explanation_of(difference(rows=10, parts=1), ()) is None
