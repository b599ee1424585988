"""What a request that fits its schema may still be refused for."""

from schemathesis import Case, CheckContext, Response

ACCEPTED_STATUSES = ["2xx", "304", "400", "404", "409", "412", "422"]
"""What there is, what is possible as things stand, and what an expression, an address or a zone
means, is in no schema; a 304, a 400 and a 422 are looked at more closely below."""

_BY_STATE = {
    "invalid_state",
    "validation_failed",
    "validation_warnings",
    "dry_run",
    "alias_held",
    "namespace_in_use",
    "source_gone",
}
"""Why a migration of a namespace may be refused, in whose interface there is no 409."""

_OF_SHAPE = {
    "missing",
    "extra_forbidden",
    "object_type",
    "list_type",
    "string_type",
    "scalar_type",
    "int_type",
    "float_type",
    "bool_type",
    "none_required",
    "literal_error",
    "datetime_type",
    "string_nul",
    "string_too_short",
    "string_too_long",
    "string_pattern_mismatch",
    "too_short",
    "too_long",
    "greater_than_equal",
    "less_than_equal",
    "json_invalid",
}
"""Problems that a request which is right by its schema cannot have."""


def refused_for_its_shape(context: CheckContext, response: Response, case: Case) -> None:
    """What the schema allows may be refused for its meaning, and never for its shape."""
    del context
    if response.status_code != 422 or not case.meta.generation.mode.is_positive:
        return
    types = {problem["type"] for problem in response.json()["detail"]}
    assert not types & _OF_SHAPE, response.text


def bad_only_as_things_stand(context: CheckContext, response: Response, case: Case) -> None:
    """What the schema allows is no bad request, but where a state is answered with that."""
    del context
    if response.status_code == 400 and case.meta.generation.mode.is_positive:
        assert case.path.startswith("/v1/namespaces/migrations/"), response.text
        assert response.json()["error"]["code"] in _BY_STATE, response.text


def known_only_where_it_was_said_to_be(
    context: CheckContext, response: Response, case: Case
) -> None:
    """Only who names a version in `If-None-Match` is told to have it."""
    del context
    assert response.status_code != 304 or "If-None-Match" in case.headers, response.text
