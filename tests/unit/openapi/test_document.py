import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from sterna_api.http.authentication import PUBLIC_PATHS
from sterna_api.openapi.document import document
from sterna_api.openapi.table import OPERATIONS
from sterna_core.api_key.scope import SCOPES

ASKED_BY_POST = {
    ("POST", "/v1/namespaces/migrations/list"),
    ("POST", "/v1/namespaces/migrations/validate"),
    ("POST", "/v1/namespaces/{namespace_id}/retrievers/{resource_id}/execute"),
}
"""These change nothing: what is asked stands in their body."""


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return document(OPERATIONS)


def test_the_document_is_openapi_3_1(described: dict[str, Any]):
    OpenAPIV31SpecValidator(described).validate()


def test_every_operation_has_a_scope_or_is_public_on_purpose():
    public = {each.path for each in OPERATIONS if each.scope is None}
    assert public == PUBLIC_PATHS
    assert {each.scope for each in OPERATIONS if each.scope} <= set(SCOPES)


def test_no_operation_stands_in_the_table_twice():
    keys = [each.key for each in OPERATIONS]
    assert len(set(keys)) == len(keys)


def test_reading_needs_a_right_to_read_and_writing_one_to_write():
    for each in OPERATIONS:
        if each.scope is not None:
            reads = each.scope.endswith(":read")
            asks = each.method == "GET" or each.key in ASKED_BY_POST
            assert reads == asks, each.key


def test_every_operation_has_a_name_of_its_own(described: dict[str, Any]):
    names = [
        operation["operationId"]
        for methods in described["paths"].values()
        for operation in methods.values()
    ]
    assert len(set(names)) == len(OPERATIONS)
    assert all(name.isidentifier() for name in names)


def test_no_schema_is_left_open(described: dict[str, Any]):
    """A field whose type is not said would let everything pass as an answer."""
    for name, schema in described["components"]["schemas"].items():
        for field, told in schema.get("properties", {}).items():
            assert told, f"{name}.{field} is of any type"


def test_a_namespace_may_be_named_by_more_than_its_id(described: dict[str, Any]):
    (named,) = (
        each
        for each in described["paths"]["/v1/namespaces/{namespace_id}"]["get"]["parameters"]
        if each["name"] == "namespace_id"
    )
    for text in (f"ns_{'0' * 32}", "a name", "an_alias"):
        assert re.search(named["schema"]["pattern"], text)
