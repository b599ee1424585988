import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_api.streams.cursor import Cursor
from sterna_core.errors import InvalidRequest

_offsets = st.integers(0, 10**17)
_cursors = st.builds(
    Cursor, events=_offsets, place=st.integers(0, 9_999), telemetry=_offsets, ended=st.booleans()
)


@given(_cursors)
def test_a_cursor_reads_back_as_it_was_written(cursor: Cursor):
    assert Cursor.parse(str(cursor)) == cursor


@given(st.text())
def test_any_other_text_is_refused(text: str):
    try:
        cursor = Cursor.parse(text)
    except InvalidRequest:
        return
    assert Cursor.parse(str(cursor)) == cursor


@given(_cursors, _cursors)
def test_a_cursor_never_goes_back(one: Cursor, other: Cursor):
    ahead = one.advanced_to(other)
    assert (ahead.events, ahead.place) >= (one.events, one.place)
    assert ahead.telemetry >= one.telemetry
    assert ahead.events >= other.events
    assert ahead.advanced_to(one) == ahead


@pytest.mark.parametrize(
    "text", ["", "1", "1-", "-1", "1.-2", "\u0661-\u0662", "1-2\n", " 1-2", "1-2-END"]
)
def test_near_misses_are_refused(text: str):
    with pytest.raises(InvalidRequest):
        Cursor.parse(text)
