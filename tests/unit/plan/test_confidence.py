from hypothesis import given
from hypothesis import strategies as st

from sterna_executor.databases.postgresql.confidence import Measured, confidence_of


def measured(rows: int, holds: int, *, whole: bool = True) -> Measured:
    return Measured(rows=rows, whole=whole, share=0.5, present={"c": rows}, holds={"c": holds})


@given(st.integers(1, 10**9), st.data())
def test_confidence_is_the_share_of_rows_that_fit_and_1_only_where_all_do(
    rows: int, data: st.DataObject
):
    holds = data.draw(st.integers(0, rows))
    found = confidence_of(measured(rows, holds), "c", type_known="known", doubtful=True).value
    assert 0 <= found <= holds / rows
    assert (found == 1) == (holds == rows)


def test_the_evidence_says_what_was_looked_at():
    found = confidence_of(
        measured(12_345, 12_345, whole=False), "c", type_known="known", doubtful=False
    )
    assert found.evidence == "1.00 of 12,345 sampled rows convertible; type known"


def test_a_type_that_the_target_does_not_know_gives_no_confidence():
    assert confidence_of(measured(5, 5), "c", type_known=None, doubtful=False).value == 0


def test_rows_that_could_not_be_looked_at_are_not_vouched_for():
    safe = confidence_of(None, "c", type_known="known", doubtful=False)
    doubtful = confidence_of(None, "c", type_known="known", doubtful=True)
    assert doubtful.value < 0.95 < safe.value < 1


def test_an_empty_table_can_be_held():
    assert confidence_of(measured(0, 0), "c", type_known="known", doubtful=True).value == 1


def test_a_sample_tells_the_rows_of_the_table():
    assert measured(100, 100, whole=False).estimated_rows == 200
    assert measured(100, 100).estimated_rows == 100
