"""What needs no key."""

from typing import Any

from sterna_api.http.health import AliveBody, ReadyBody
from sterna_api.openapi.operation import Operation

OPERATIONS = (
    Operation(
        method="GET",
        path="/healthz",
        scope=None,
        summary="Say that the process answers",
        answers={200: AliveBody},
    ),
    Operation(
        method="GET",
        path="/readyz",
        scope=None,
        summary="Say whether requests should be sent here",
        answers={200: ReadyBody, 503: ReadyBody},
    ),
    Operation(
        method="GET",
        path="/v1/openapi.json",
        scope=None,
        summary="Give this document",
        answers={200: dict[str, Any]},
    ),
    Operation(
        method="GET",
        path="/openapi.json",
        scope=None,
        summary="Give this document",
        answers={200: dict[str, Any]},
    ),
)
