import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_api.http.media import JSON, PROBLEM, accepts_any, is_json, prefers_problem


@pytest.mark.parametrize(
    ("accept", "taken"),
    [
        ((), True),
        (("",), True),
        (("*/*",), True),
        (("application/*",), True),
        (("application/json; charset=utf-8",), True),
        (("text/html, application/json;q=0.1",), True),
        (("text/html", "application/json"), True),
        (("text/html",), False),
        (("application/json;q=0",), False),
        (("application/json;q=x",), False),
    ],
)
def test_a_client_takes_json_unless_it_says_otherwise(accept: tuple[str, ...], taken: bool):
    assert accepts_any(accept, (JSON,)) == taken


@pytest.mark.parametrize(
    ("accept", "preferred"),
    [
        ((), False),
        (("*/*",), False),
        ((PROBLEM,), True),
        ((f"{JSON}, {PROBLEM}",), True),
        ((f"{JSON}, {PROBLEM};q=0.5",), False),
        ((f"{PROBLEM};q=0",), False),
    ],
)
def test_errors_come_as_problem_details_to_who_names_them(accept: tuple[str, ...], preferred: bool):
    assert prefers_problem(accept) == preferred


@pytest.mark.parametrize(
    ("kind", "json"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/merge-patch+json", True),
        ("text/plain", False),
        ("application/x-www-form-urlencoded", False),
        ("", False),
    ],
)
def test_a_body_is_json_by_its_type(kind: str, json: bool):
    assert is_json(kind) == json


@given(st.lists(st.text(), max_size=3))
def test_no_header_is_too_odd_to_be_judged(accept: list[str]):
    assert isinstance(accepts_any(accept, (JSON,)), bool)
    assert isinstance(prefers_problem(accept), bool)
