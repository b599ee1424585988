"""The REST interface against its own description: no 5xx, and no answer that is not described."""

import asyncio
import os
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
)
from tests.support.api.service import FIRST_KEY, Service

from sterna_api.http.read_your_writes import PARAMETER
from sterna_api.openapi.document import document
from sterna_api.openapi.table import OPERATIONS

_REQUESTS = int(os.environ.get("STERNA_FUZZ_REQUESTS", "0"))
"""Over all operations; 0 means a few for each."""

_FEW = 3
_SECONDS = 30.0
_NAMES = [f"{operation.method} {operation.path}" for operation in OPERATIONS]
_EXAMPLES = max(_FEW, -(-_REQUESTS // (2 * len(OPERATIONS))))
_SAID_BY_SCHEMAS = {
    "missing",
    "extra_forbidden",
    "object_type",
    "list_type",
    "string_type",
    "int_type",
    "float_type",
    "bool_type",
    "none_required",
    "literal_error",
    "datetime_type",
    "string_nul",
    "scalar_type",
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


def _described() -> dict[str, Any]:
    """The document without what cannot be drawn at random.

    A position that is far away is waited for, and a word that comes twice is a repeat; both have
    tests of their own.
    """
    described = document(OPERATIONS)
    for methods in described["paths"].values():
        for operation in methods.values():
            operation["parameters"] = [
                parameter
                for parameter in operation.get("parameters", ())
                if "$ref" not in parameter and parameter["name"] != PARAMETER
            ]
    return described


_SCHEMA = schemathesis.openapi.from_dict(_described())


def refused_for_what_no_schema_says(context: CheckContext, response: Response, case: Case) -> None:
    """What the schema allows may be refused for its meaning, and never for its shape."""
    del context
    if response.status_code != 422 or not case.meta.generation.mode.is_positive:
        return
    types = {problem["type"] for problem in response.json()["detail"]}
    assert not types & _SAID_BY_SCHEMAS, response.text


@pytest.fixture(scope="module")
async def things(service: Service) -> dict[str, str]:
    """One of everything, so that requests reach more than what is not found."""
    client = service.client()
    migration_id = await client.migration()
    planned = await client.in_status(migration_id, "approved")
    plan = (await client.get(f"/v1/migrations/{migration_id}/plan")).json
    hook = await client.post("/v1/webhooks", {"url": "https://example.com/x", "events": ["*"]})
    key = await client.post("/v1/api-keys", {"name": "one"})
    return {
        "migration_id": migration_id,
        "connection_id": planned["source"]["connection_id"],
        "mapping_id": plan["mappings"][0]["id"],
        "webhook_id": hook.json["id"],
        "api_key_id": key.json["id"],
    }


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", _NAMES)
async def test_every_answer_is_one_that_is_described(
    service: Service, things: dict[str, str], name: str, mode: GenerationMode
):
    method, _, path = name.partition(" ")
    operation = _SCHEMA[path][method]
    strategy = operation.as_strategy(generation_mode=mode)
    try:
        await asyncio.to_thread(_try, service.url, strategy, things, mode)
    except hypothesis.errors.Unsatisfiable:
        assert mode.is_negative  # it takes nothing that could be wrong


def _try(
    url: str, strategy: st.SearchStrategy[Any], things: dict[str, str], mode: GenerationMode
) -> None:
    @hypothesis.given(case=strategy, real=st.booleans())
    @hypothesis.settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        derandomize=not _REQUESTS,
        phases=(hypothesis.Phase.generate,),
    )
    def one(case: Any, real: bool) -> None:
        excluded = [positive_data_acceptance]
        if real:
            known = {name: things[name] for name in case.path_parameters or {} if name in things}
            case.path_parameters = {**(case.path_parameters or {}), **known}
            if mode.is_negative:
                # What was wrong may have been the id.
                excluded.append(negative_data_rejection)
        case.call_and_validate(
            base_url=url,
            session=session,
            headers={"Authorization": f"Bearer {FIRST_KEY.reveal()}"},
            additional_checks=[refused_for_what_no_schema_says],
            excluded_checks=excluded,
            timeout=_SECONDS,
        )

    with requests.Session() as session:
        one()
