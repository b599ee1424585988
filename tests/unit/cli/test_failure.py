import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_cli.client.failure import failure_of


def test_the_code_and_message_of_the_api_are_kept():
    body = {"success": False, "status": 409, "error": {"message": "no", "code": "plan_not_ready"}}
    failure = failure_of(409, json.dumps(body).encode())
    assert (failure.status, failure.code, failure.message) == (409, "plan_not_ready", "no")


def test_every_problem_of_a_refused_body_is_told():
    body = {
        "detail": [
            {"loc": ["body", "name"], "msg": "missing", "type": "missing"},
            {"loc": ["body", "options", 0], "msg": "wrong", "type": "type"},
        ]
    }
    failure = failure_of(422, json.dumps(body).encode())
    assert failure.message == "body.name: missing; body.options.0: wrong"
    assert failure.code == "invalid_request"


@pytest.mark.parametrize(("status", "code"), [(404, "not_found"), (500, "internal_error")])
def test_an_answer_of_something_else_in_between_is_told_by_its_status(status: int, code: str):
    assert failure_of(status, b"<html>proxy</html>").code == code


@given(st.integers(400, 599), st.binary(max_size=300))
def test_no_body_whatever_hides_the_status(status: int, body: bytes):
    assert failure_of(status, body).status == status
