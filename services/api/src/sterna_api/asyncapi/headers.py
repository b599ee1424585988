"""The headers of the records on each topic: CloudEvents 1.0 in binary mode, and ours."""

from typing import Any

_TEXT = {"type": "string"}
_NUMBER = {"type": "string", "pattern": "^[0-9]+$"}
_TIME = {"type": "string", "format": "date-time"}


def _headers(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": sorted(required),
    }


_CLOUD_EVENT = {
    "ce_specversion": {"type": "string", "const": "1.0"},
    "ce_id": _TEXT,
    "ce_source": _TEXT,
    "ce_type": {**_TEXT, "description": "The message's type, which its body repeats in `type`."},
    "ce_time": _TIME,
    "ce_subject": {**_TEXT, "description": "The aggregate's id."},
    "ce_orgid": {**_TEXT, "description": "The organisation."},
    "content-type": _TEXT,
}
_FOLLOWS = {
    "ce_requestid": {
        **_TEXT,
        "description": "The request that it follows from, however many steps lie between.",
    },
}
_COMMAND = {
    **_CLOUD_EVENT,
    "ce_commandid": {"type": "string", "format": "uuid"},
    "ce_commandhash": {**_TEXT, "description": "Tells a repeat from another command."},
    "ce_actor": {**_TEXT, "description": "An API key's id, `executor:…`, or `timer`."},
}

_ORIGIN = {
    "ce_clientaddress": {**_TEXT, "description": "Where a request came from; may be empty."},
    "ce_useragent": {**_TEXT, "description": "What the client calls itself; may be empty."},
}
_REQUEST = {**_ORIGIN, **_FOLLOWS, "ce_expectoutcome": {"type": "string", "const": "true"}}

COMMAND = _headers(_COMMAND, _REQUEST)
EVENT = _headers(
    {
        **_COMMAND,
        "ce_term": {**_NUMBER, "description": "The term of the owner that wrote it."},
        "ce_owner": _TEXT,
        "ce_sourceoffset": {**_NUMBER, "description": "The offset of the command it answers."},
        "ce_sequence": {**_NUMBER, "description": "The aggregate's version."},
        "ce_index": {**_NUMBER, "description": "Its place in the decision, from 0."},
        "ce_count": {**_NUMBER, "description": "How many records the decision has."},
        "ce_position": _NUMBER,
    },
    {
        **_REQUEST,
        "ce_commandtype": {**_TEXT, "description": "The type of the command it answers."},
    },
)
TASK = _headers(
    {**_CLOUD_EVENT, "ce_taskkey": {**_TEXT, "description": "The same if repeated."}}, _FOLLOWS
)
DEAD_LETTER = _headers(
    {
        "ce_specversion": _CLOUD_EVENT["ce_specversion"],
        "ce_id": _TEXT,
        "ce_source": _TEXT,
        "ce_type": {"type": "string", "const": "dead.letter.v1"},
        "ce_originaltopic": _TEXT,
        "ce_originalpartition": _NUMBER,
        "ce_originaloffset": _NUMBER,
        "ce_errorclass": _TEXT,
    },
    {"ce_valueomitted": {"type": "string", "const": "true"}},
)
TERM_STARTED = _headers(
    {
        name: schema
        for name, schema in EVENT["properties"].items()
        if name
        in {"ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_term", "ce_owner"}
    }
)
