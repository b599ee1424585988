"""`/v1/asyncapi.json` and `/v1/event-types`."""

from typing import Any

from sterna_api.http.bus_description import EventTypesBody
from sterna_api.openapi.operation import Operation

OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/asyncapi.json",
        scope=None,
        summary="Describe the topics and the messages on them by AsyncAPI 3.0",
        answers={200: dict[str, Any]},
    ),
    Operation(
        method="GET",
        path="/v1/event-types",
        scope="migrations:read",
        summary="Name the types of the journal's events",
        answers={200: EventTypesBody},
    ),
    Operation(
        method="GET",
        path="/v1/event-types/{event_type}",
        scope="migrations:read",
        summary="Give the JSON Schema of the body of one type of event",
        answers={200: dict[str, Any]},
    ),
)
