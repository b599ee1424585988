import codecs
import re

from msgspec import Struct

_LINE_END = re.compile(r"\r\n|\r|\n")


class ServerEvent(Struct, frozen=True):
    """One event of a stream; `event_id` is the last id seen, "" where there was none."""

    event_id: str
    kind: str
    data: str


class EventParser:
    """Reads `text/event-stream`, however the bytes are cut into pieces."""

    def __init__(self, last_event_id: str = "") -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self._rest = ""
        self._first = True
        self._kind = ""
        self._data: list[str] = []
        self.last_event_id = last_event_id
        self.retry_seconds: float | None = None

    def feed(self, piece: bytes) -> list[ServerEvent]:
        """Take some bytes and give the events that they complete."""
        text = self._rest + self._decode(piece)
        if self._first and text:
            text, self._first = text.removeprefix("\ufeff"), False
        # A CR at the end may be the first half of a CRLF: keep it until more is known.
        held = "\r" if text.endswith("\r") else ""
        *lines, rest = _LINE_END.split(text.removesuffix("\r") if held else text)
        self._rest = rest + held
        events: list[ServerEvent] = []
        for line in lines:
            event = self._line(line)
            if event is not None:
                events.append(event)
        return events

    def _line(self, line: str) -> ServerEvent | None:
        if not line:
            return self._complete()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._kind = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self.last_event_id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry_seconds = int(value) / 1000
        return None

    def _complete(self) -> ServerEvent | None:
        data, kind = self._data, self._kind or "message"
        self._data, self._kind = [], ""
        if not data:
            return None
        return ServerEvent(self.last_event_id, kind, "\n".join(data))
