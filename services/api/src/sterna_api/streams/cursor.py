import re

from msgspec import Struct

from sterna_core.errors import InvalidRequest

_TEXT = re.compile(
    r"(?P<events>\d{1,18})(?:\.(?P<place>\d{1,4}))?-(?P<telemetry>\d{1,18})(?P<end>-end)?\Z",
    re.ASCII,
)


class Cursor(Struct, frozen=True):
    """How far somebody has followed a migration: the next offset in each of its two sources.

    As text it is the id of an SSE event, `<events>-<telemetry>`, and `<events>.<place>-…` between
    the lines of one event. It means the same on every instance and after every rebuild.
    """

    events: int = 0
    place: int = 0
    telemetry: int = 0
    ended: bool = False
    """The stream was followed to its end."""

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read an SSE event's id; raises InvalidRequest."""
        match = _TEXT.match(text)
        if match is None:
            raise InvalidRequest("Last-Event-ID is not the id of an event of this stream.")
        return cls(
            events=int(match["events"]),
            place=int(match["place"] or 0),
            telemetry=int(match["telemetry"]),
            ended=match["end"] is not None,
        )

    def advanced_to(self, other: "Cursor") -> "Cursor":
        """Give the cursor that has everything before either; it never goes back."""
        ahead = other.events > self.events
        return Cursor(
            events=other.events if ahead else self.events,
            place=other.place if ahead else self.place,
            telemetry=max(self.telemetry, other.telemetry),
        )

    def __str__(self) -> str:
        place = f".{self.place}" if self.place else ""
        end = "-end" if self.ended else ""
        return f"{self.events}{place}-{self.telemetry}{end}"
