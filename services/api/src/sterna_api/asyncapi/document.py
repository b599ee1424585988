from importlib.metadata import version
from typing import Any

import msgspec
from msgspec import Struct

from sterna_api.asyncapi import headers
from sterna_api.asyncapi.messages import Messages, MessageTypes
from sterna_api.asyncapi.schemas import Schema, components_of
from sterna_core.journal.terms import TERM_STARTED
from sterna_core.journal.topics import Topics

_JSON = "application/json"
_DEAD_LETTER = "dead.letter.v1"
_ABOUT = (
    "The topics of Sterna. Records are CloudEvents 1.0 in binary mode; the key is"
    " `{org_id}/{aggregate_id}`. Of `events`, a record counts only where its term is the highest"
    " opened so far and its owner is the one that opened it."
)


class _Channel(Struct, frozen=True, kw_only=True):
    name: str
    address: str
    action: str
    about: str
    headers: Schema
    types: MessageTypes


def document(messages: Messages, topics: Topics) -> dict[str, Any]:
    """Describe the topics and every message on them by AsyncAPI 3.0."""
    channels = _channels(messages, topics)
    types = messages.all()
    schemas, parts = components_of(types.values(), "#/components/schemas/{name}")
    payloads = dict(zip(types, schemas, strict=True))
    described = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sterna",
            "version": version("sterna"),
            "description": _ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": _JSON,
        "channels": {each.name: _channel(each, topics) for each in channels},
        "operations": {
            f"{each.action}_{each.name}": {
                "action": each.action,
                "channel": {"$ref": f"#/channels/{each.name}"},
                "summary": each.about,
            }
            for each in channels
        },
        "components": {
            "messages": {
                **{
                    tag: _message(tag, kind, payloads[tag], each.headers)
                    for each in channels
                    for tag, kind in each.types.items()
                },
                TERM_STARTED: {
                    "name": TERM_STARTED,
                    "title": TERM_STARTED,
                    "summary": "An owner opened a term: it writes this partition from here on.",
                    "headers": headers.TERM_STARTED,
                },
                _DEAD_LETTER: {
                    "name": _DEAD_LETTER,
                    "title": _DEAD_LETTER,
                    "summary": "A record that nobody could read, as it was.",
                    "contentType": "application/octet-stream",
                    "headers": headers.DEAD_LETTER,
                },
            },
            "schemas": parts,
        },
    }
    # As it is sent: a default that is a tuple becomes an array.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(described))
    return plain


def _channels(messages: Messages, topics: Topics) -> tuple[_Channel, ...]:
    return (
        _Channel(
            name="commands",
            address=topics.commands,
            action="receive",
            about="What is asked of aggregates, by clients, timers and executors.",
            headers=headers.COMMAND,
            types=messages.commands,
        ),
        _Channel(
            name="events",
            address=topics.events,
            action="send",
            about="The journal: what has happened. Kept for ever.",
            headers=headers.EVENT,
            types=messages.events,
        ),
        _Channel(
            name="tasks",
            address=topics.tasks,
            action="send",
            about="Work for executors.",
            headers=headers.TASK,
            types=messages.tasks,
        ),
        _Channel(
            name="telemetry",
            address=topics.telemetry,
            action="send",
            about="Log lines and figures of work in progress.",
            headers={"type": "object"},
            types=messages.telemetry,
        ),
        _Channel(
            name="deadLetters",
            address=topics.dead_letters,
            action="send",
            about="Records that could not be read.",
            headers=headers.DEAD_LETTER,
            types={},
        ),
    )


def _channel(channel: _Channel, topics: Topics) -> dict[str, Any]:
    specification = next(each for each in topics.specifications() if each.name == channel.address)
    more = {"events": (TERM_STARTED,), "deadLetters": (_DEAD_LETTER,)}.get(channel.name, ())
    return {
        "address": channel.address,
        "description": channel.about,
        "messages": {
            tag: {"$ref": f"#/components/messages/{tag}"} for tag in (*channel.types, *more)
        },
        "bindings": {
            "kafka": {
                "partitions": specification.partitions,
                "replicas": topics.replication,
                "bindingVersion": "0.5.0",
            }
        },
    }


def _message(tag: str, kind: type[Struct], payload: Schema, headers: Schema) -> dict[str, Any]:
    about = (kind.__doc__ or "").strip().splitlines()
    return {
        "name": tag,
        "title": tag,
        "summary": about[0] if about else tag,
        "contentType": _JSON,
        "headers": headers,
        "payload": payload,
    }
