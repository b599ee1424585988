"""The REST interface as it is described, for requests to be drawn from."""

from typing import Any

import schemathesis
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from tests.fuzz.refusals import ACCEPTED_STATUSES
from tests.fuzz.things import CONNECTION, STANDING_FOR

from sterna_api.http.read_your_writes import PARAMETER
from sterna_api.openapi.document import document
from sterna_api.openapi.schemas import NO_NUL
from sterna_api.openapi.table import OPERATIONS

_REAL_SHARE = 0.5
"""How many of the connections in bodies are ones that there are."""
_REACHED = "0-0"
_STREAM_EVENTS = 1
_OF_CONNECTIONS = ("body.source.connection_id", "body.target.connection_id")


def describe(mode: GenerationMode) -> Any:
    """Give the description with every check on; what they expect stands in `refusals`."""
    described = document(OPERATIONS)
    for methods in described["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                _name_values(parameter, mode)
    if mode.is_positive:
        described = _without_nul(described)
    return schemathesis.openapi.from_dict(described, config=_config(mode))


def _name_values(parameter: dict[str, Any], mode: GenerationMode) -> None:
    """Say which ids there are, and which position is reached: one that is not is waited for.

    Where any text will do, none is wrong because it is not one of these.
    """
    name = parameter.get("name")
    if name == PARAMETER:
        parameter["schema"] = {"type": "string", "enum": [_REACHED]}
    elif name in STANDING_FOR and (mode.is_positive or not _is_any_text(parameter["schema"])):
        parameter["schema"] = {"type": "string", "enum": list(STANDING_FOR[name])}


def _is_any_text(schema: dict[str, Any]) -> bool:
    return schema.get("pattern") == NO_NUL


def _without_nul(value: Any) -> Any:
    """Leave out the pattern that says what `allow-x00` says: text by a pattern is drawn slowly."""
    match value:
        case dict():
            return {
                name: _without_nul(each)
                for name, each in value.items()
                if (name, each) != ("pattern", NO_NUL)
            }
        case list():
            return [_without_nul(each) for each in value]
    return value


def _config(mode: GenerationMode) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "dictionaries": {"connections": {"values": [CONNECTION]}},
            "parameters": {
                where: {"dictionary": "connections", "probability": _REAL_SHARE}
                for where in _OF_CONNECTIONS
            },
            # The key is ours; that one is needed is seen by `ignored_auth`.
            "generation": {"with-security-parameters": False, "allow-x00": mode.is_negative},
            "checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED_STATUSES}},
            "max-stream-events": _STREAM_EVENTS,
        }
    )
