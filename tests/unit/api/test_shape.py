from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from sterna_api.http.body import decode_body
from sterna_api.http.problem import InvalidShape
from sterna_api.http.shape import problems_of
from sterna_core.clock import UtcDatetime


class Part(Struct, forbid_unknown_fields=True):
    text: Annotated[str, Meta(min_length=1, max_length=3, pattern="^[a-z]*$")]
    at: UtcDatetime | None = None


class Whole(Struct, forbid_unknown_fields=True):
    number: Annotated[int, Meta(ge=0, le=10)]
    share: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.5
    flag: bool = False
    word: Literal["one", "two"] | None = None
    parts: Annotated[list[Part], Meta(max_length=2)] = []
    names: list[str] = []
    places: Annotated[
        dict[Annotated[str, Meta(min_length=1, max_length=3)], Annotated[str, Meta(max_length=3)]],
        Meta(max_length=2),
    ] = {}


_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 12),
    st.floats(-1, 2, allow_nan=False),
    st.sampled_from(
        ["", "a", "abcd", "A", "one", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00", "soon"]
    ),
)
_parts = st.dictionaries(st.sampled_from(["text", "at", "more"]), _scalars)
_wholes = st.dictionaries(
    st.sampled_from(["number", "share", "flag", "word", "parts", "names", "places", "more"]),
    st.one_of(
        _scalars,
        st.lists(st.one_of(_parts, _scalars), max_size=3),
        st.dictionaries(st.sampled_from(["", "a", "abc", "abcd"]), _scalars),
    ),
)


@given(st.one_of(_wholes, _scalars, st.lists(_scalars, max_size=2)))
def test_a_value_has_no_problem_exactly_when_msgspec_takes_it(value: Any):
    body = msgspec.json.encode(value)
    try:
        msgspec.json.decode(body, type=Whole)
    except msgspec.ValidationError:
        accepted = False
    else:
        accepted = True
    assert (problems_of(msgspec.json.decode(body), Whole, ("body",)) == []) is accepted


@given(st.recursive(_scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_whatever_is_sent_is_decoded_or_refused_with_problems(value: Any):
    try:
        decoded = decode_body(msgspec.json.encode(value), Whole)
    except InvalidShape as refusal:
        assert refusal.problems
        assert all(problem.loc[0] == "body" for problem in refusal.problems)
    else:
        assert isinstance(decoded, Whole)


@given(st.binary())
def test_no_bytes_make_anything_else_than_an_object_or_a_refusal(raw: bytes):
    try:
        decode_body(raw, Whole)
    except InvalidShape as refusal:
        assert refusal.problems


def test_an_empty_body_is_an_empty_object():
    with pytest.raises(InvalidShape) as refused:
        decode_body(b"  \n", Whole)
    assert [problem.type for problem in refused.value.problems] == ["missing"]


def test_a_flood_of_problems_is_cut_off():
    body = msgspec.json.encode({"number": 1, "names": [0] * 5_000})
    with pytest.raises(InvalidShape) as refused:
        decode_body(body, Whole)
    assert len(refused.value.problems) == 100


def test_an_object_that_holds_what_cannot_be_is_told_what_that_is() -> None:
    kind = str | dict[str, Any]
    assert problems_of({"a": 1}, kind, ()) == []
    (found,) = problems_of({"a": 2**80}, kind, ("body",))
    assert found.loc == ("body", "a")
    assert found.type != "scalar_type"
    assert [each.type for each in problems_of(7, kind, ())] == ["scalar_type"]
