from collections.abc import Iterable
from typing import Any, get_args

import msgspec
from msgspec import Struct

from sterna_core.journal.aggregate import Aggregate
from sterna_core.journal.envelope import Undecodable
from sterna_core.journal.outcome import JournalEvent

AnyAggregate = Aggregate[Any, Any, Any]

_encoder = msgspec.json.Encoder()


def encode(body: Struct) -> bytes:
    """Write a message's body."""
    return _encoder.encode(body)


def tag_of(message: type[Struct] | Struct) -> str:
    """Give a message's wire tag."""
    tag = message.__struct_config__.tag
    if not isinstance(tag, str):
        raise TypeError(f"{message} has no tag")
    return tag


class Codec:
    """Knows the messages of a set of aggregates, and finds an aggregate by its id."""

    def __init__(self, aggregates: Iterable[AnyAggregate]) -> None:
        self.aggregates = tuple(aggregates)
        self._by_prefix = {aggregate.id_prefix: aggregate for aggregate in self.aggregates}
        if len(self._by_prefix) != len(self.aggregates):
            raise ValueError("two aggregates have the same prefix of ids")
        self._commands = {a.name: _Decoder(a.commands) for a in self.aggregates}
        self._events = {a.name: _Decoder(a.events) for a in self.aggregates}
        self._journal = _Decoder(JournalEvent)

    def aggregate_of(self, aggregate_id: str) -> AnyAggregate | None:
        """Find the aggregate that an id belongs to, by its prefix."""
        for prefix, aggregate in self._by_prefix.items():
            if aggregate_id.startswith(prefix):
                return aggregate
        return None

    def command(self, aggregate: AnyAggregate, message_type: str, body: bytes | None) -> Struct:
        """Read a command's body; raises Undecodable."""
        return self._commands[aggregate.name].decode(message_type, body)

    def event(self, aggregate_id: str, message_type: str, body: bytes | None) -> Struct:
        """Read an event's body, the journal's own events included; raises Undecodable."""
        if self._journal.knows(message_type):
            return self._journal.decode(message_type, body)
        aggregate = self.aggregate_of(aggregate_id)
        if aggregate is None:
            raise Undecodable("The id belongs to no kind of aggregate that is known here.")
        return self._events[aggregate.name].decode(message_type, body)


class _Decoder:
    def __init__(self, union: Any) -> None:
        members = get_args(union) or (union,)
        self._tags = frozenset(tag_of(member) for member in members)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(union)

    def knows(self, message_type: str) -> bool:
        return message_type in self._tags

    def decode(self, message_type: str, body: bytes | None) -> Struct:
        if message_type not in self._tags:
            raise Undecodable("The type is not known here; it may come from a newer version.")
        try:
            message: Struct = self._decoder.decode(body or b"")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # The decoder's text quotes the body, so it is not passed on.
            raise Undecodable("The body is not what its type says.") from None
        if tag_of(message) != message_type:
            raise Undecodable("The body's type is not the header's.")
        return message
