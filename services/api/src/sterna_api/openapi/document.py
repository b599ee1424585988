from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

import msgspec

from sterna_api.http.authentication import FEED_PARAMETER
from sterna_api.http.errors import ErrorBody, ProblemBody, ProblemsBody
from sterna_api.http.media import JSON, NDJSON, OCTETS, PROBLEM
from sterna_api.openapi.operation import Media, Operation
from sterna_api.openapi.parameters import (
    IDEMPOTENCY_KEY,
    answer_headers,
    parameters_of,
)
from sterna_api.openapi.schemas import Schemas

_ABOUT = (
    "Moves databases and proves that everything arrived. Every request but those of the group"
    " *service* needs a key; a key's scopes say what it may do."
)
_DONE = {
    204: "There is nothing more to come",
    304: "The version that was named is the newest",
    503: "Not ready",
}
_ERRORS = {
    400: "The request cannot be read",
    401: "No valid key",
    403: "The key's scopes or addresses do not allow this",
    404: "There is no such thing in this organisation",
    406: "No type of answer that is asked for can be given",
    409: "Not in this state",
    412: "It has changed since it was read: `If-Match` names another version",
    413: "The body is larger than 1 MiB, or a file than the largest that is taken",
    415: "The body is not JSON",
    500: "A fault of the service, or a setting that it lacks; it has been logged",
    429: "Too many requests; `Retry-After` says when to send the next",
    503: "Not now, or the outcome is not known yet: send it again with the same `Idempotency-Key`",
}


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """Describe the REST interface by OpenAPI 3.1."""
    table = tuple(operations)
    schemas = Schemas(table, (ErrorBody, ProblemsBody, ProblemBody))
    paths: dict[str, dict[str, Any]] = {}
    for operation in table:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(
            operation, schemas
        )
    described = {
        "openapi": "3.1.0",
        "info": {
            "title": "Sterna",
            "version": version("sterna"),
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(each.tag for each in table)],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "parameters": {"IdempotencyKey": IDEMPOTENCY_KEY},
            "responses": _error_responses(schemas),
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key, `sk_live_…` or `sk_test_…`",
                },
                "feed": {
                    "type": "apiKey",
                    "in": "query",
                    "name": FEED_PARAMETER,
                    "description": "The word of an address of the calendar, `feed_…`",
                },
            },
        },
    }
    # As it is sent: a default that is a tuple becomes an array.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(described))
    return plain


def _operation(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _name(operation),
        "tags": [operation.tag],
        "summary": operation.summary,
    }
    if operation.description:
        described["description"] = operation.description
    if operation.scope:
        described["security"] = [{"key": []}, *([{"feed": []}] if operation.takes_token else [])]
        described["x-required-scope"] = operation.scope
    else:
        described["security"] = []
    parameters = parameters_of(operation, schemas)
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        _, required = schemas.fields(operation.body)
        described["requestBody"] = {
            "required": bool(required),
            "content": {JSON: {"schema": schemas.of(operation.body)}},
        }
    if operation.lines is not None:
        line = schemas.of(operation.lines)
        described["requestBody"] = {
            "description": "One JSON object a line; a body of one line may be sent as JSON.",
            "required": True,
            "content": {JSON: {"schema": line}, NDJSON: {"schema": {"type": "string"}}},
        }
    if operation.file is not None:
        schema = {"type": "string", "format": "binary"}
        described["requestBody"] = {
            "description": operation.file.description,
            "required": True,
            "content": {name: {"schema": schema} for name in (OCTETS, operation.file.type)},
        }
    described["responses"] = {
        **{
            str(status): _answer(status, kind, schemas)
            for status, kind in operation.answers.items()
        },
        **{
            str(status): {"$ref": f"#/components/responses/{status}"}
            for status in _errors_of(operation)
            if status not in operation.answers
        },
    }
    return described


def _answer(status: int, kind: Any, schemas: Schemas) -> dict[str, Any]:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    content: dict[str, Any] = {}
    for each in kinds:
        if isinstance(each, Media):
            content[each.type] = {"schema": {"description": each.description}}
        elif each is not None:
            content[JSON] = {"schema": schemas.of(each)}
    words = _DONE.get(status, "Done")
    described: dict[str, Any] = {"description": words, "headers": answer_headers(status)}
    if content:
        described["content"] = content
    return described


def _errors_of(operation: Operation) -> list[int]:
    if operation.scope is None:
        return [400, 406, 415, 500]
    found = {400, 401, 403, 404, 406, 409, 413, 415, 422, 429, 500, 503}
    if "If-Match" in operation.headers:
        found.add(412)
    return sorted(found)


def _error_responses(schemas: Schemas) -> dict[str, Any]:
    responses: dict[str, Any] = {
        str(status): {
            "description": words,
            "headers": answer_headers(status),
            "content": {
                JSON: {"schema": schemas.of(ErrorBody)},
                PROBLEM: {"schema": schemas.of(ProblemBody)},
            },
        }
        for status, words in _ERRORS.items()
    }
    responses["422"] = {
        "description": "What was sent is not of the right shape: every problem is listed",
        "headers": answer_headers(422),
        "content": {
            JSON: {"schema": schemas.of(ProblemsBody)},
            PROBLEM: {"schema": schemas.of(ProblemBody)},
        },
    }
    return responses


def _name(operation: Operation) -> str:
    """Name an operation by its method and path, so that the name never changes alone."""
    parts = [part for part in operation.path.strip("/").split("/") if part != "v1"]
    words = [f"by_{part.strip('{}')}" if part.startswith("{") else part for part in parts]
    text = "_".join((operation.method.lower(), *words))
    if operation.path.startswith("/v1/openapi"):
        text += "_v1"
    return "".join(letter if letter.isalnum() else "_" for letter in text)
