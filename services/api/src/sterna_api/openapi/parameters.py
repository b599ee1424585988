"""What an operation takes in its path, its query and its headers, as OpenAPI says it."""

import re
from typing import Any

from sterna_api.http.answer_headers import LIMIT_HEADER, REMAINING_HEADER, RESET_HEADER
from sterna_api.http.command_desk import POSITION_HEADER
from sterna_api.http.idempotency import IDEMPOTENCY_HEADER
from sterna_api.http.read_your_writes import PARAMETER
from sterna_api.http.request_id import HEADER as REQUEST_ID_HEADER
from sterna_api.openapi.operation import Operation
from sterna_api.openapi.schemas import NO_NUL, Schemas
from sterna_core import ids

_NAME = re.compile(r"\{(\w+)\}")
PREFIXES = {
    "migration_id": ids.MIGRATION,
    "namespace_migration_id": ids.NAMESPACE_MIGRATION,
    "task_id": ids.TASK,
    "connection_id": ids.CONNECTION,
    "namespace_id": ids.VECTOR_NAMESPACE,
    "webhook_id": ids.WEBHOOK,
    "api_key_id": ids.API_KEY,
    "delivery_id": ids.EVENT,
    "error_id": ids.ERROR,
}
"""Ids by the name they have in paths; one that is not here is any text."""
_NAMED = {"namespace_id": "Its id, its name, or an alias of it"}
"""What is found by more than an id."""
_LATER = frozenset({409, 429, 503})
"""What may be otherwise later; of the conflicts one, the request that is still under way."""

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": IDEMPOTENCY_HEADER,
    "in": "header",
    "description": (
        "The same key with the same request is carried out once: a repeat gets the first answer"
        " for 24 hours, with `Idempotent-Replayed: true`. With another request it is refused (422"
        " `idempotency_key_reused`); while the first is under way it may be answered with 409"
        " `request_in_progress`."
    ),
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"},
}
_POSITION: dict[str, Any] = {
    "name": PARAMETER,
    "in": "query",
    "description": f"Wait until this shows what the command did that answered `{POSITION_HEADER}`",
    "schema": {"type": "string", "pattern": "^[0-9]{1,4}-[0-9]{1,18}$"},
}


def parameters_of(operation: Operation, schemas: Schemas) -> list[dict[str, Any]]:
    """Give everything that an operation takes beside its body."""
    found = [_in_path(name) for name in _NAME.findall(operation.path)]
    if operation.query is not None:
        fields, required = schemas.fields(operation.query)
        found += [
            {"name": name, "in": "query", "required": name in required, "schema": _single(schema)}
            for name, schema in fields.items()
        ]
    if operation.method == "GET" and operation.scope is not None:
        found.append(_POSITION)
    if operation.method != "GET":
        found.append({"$ref": "#/components/parameters/IdempotencyKey"})
    found += [
        {"name": name, "in": "header", "description": words, "schema": {"type": "string"}}
        for name, words in operation.headers.items()
    ]
    return found


def answer_headers(status: int) -> dict[str, Any]:
    """Give the headers of answers with a status."""
    headers = {
        REQUEST_ID_HEADER: _header("Names this request in answers and log lines", "string"),
        LIMIT_HEADER: _header("Requests a minute, on every answer to a key", "integer"),
        REMAINING_HEADER: _header("Requests that may be sent at once", "integer"),
        RESET_HEADER: _header("When all may be sent at once again, in s since 1970", "integer"),
    }
    if status in _LATER:
        headers["Retry-After"] = _header("Seconds after which another try may succeed", "integer")
    return headers


def _header(description: str, kind: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


def _in_path(name: str) -> dict[str, Any]:
    prefix = None if name in _NAMED else PREFIXES.get(name)
    pattern = f"^{prefix}[0-9a-f]{{32}}$" if prefix else NO_NUL
    described = {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": pattern},
    }
    return described | ({"description": _NAMED[name]} if name in _NAMED else {})


def _single(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave null out: a parameter without a value is not sent."""
    options = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(options) == 1:
        return {**{k: v for k, v in schema.items() if k not in {"anyOf", "default"}}, **options[0]}
    return schema
