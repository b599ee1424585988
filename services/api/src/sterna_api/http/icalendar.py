"""Writes calendars by RFC 5545."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from msgspec import Struct

_LINE_OCTETS_MAX = 75
_ESCAPES = str.maketrans(
    {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None, "\t": " "}
    | {chr(code): None for code in (*range(9), 11, 12, *range(14, 32), 127)}
)


class CalendarEvent(Struct, frozen=True, kw_only=True):
    """Something at a time; `uid` is the same whenever it is written."""

    uid: str
    revised_at: datetime
    begins: datetime
    ends: datetime | None
    summary: str
    description: str
    cancelled: bool = False


def write_calendar(name: str, events: Iterable[CalendarEvent]) -> str:
    """Write a calendar; every moment is in UTC, so that no zone needs to be described."""
    return "".join(_fold(line) + "\r\n" for line in _lines(name, events))


def _lines(name: str, events: Iterable[CalendarEvent]) -> Iterator[str]:
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield "PRODID:-//Sterna//Migrations//EN"
    yield "CALSCALE:GREGORIAN"
    yield "METHOD:PUBLISH"
    yield f"X-WR-CALNAME:{_text(name)}"
    for event in events:
        yield "BEGIN:VEVENT"
        yield f"UID:{event.uid}"
        yield f"DTSTAMP:{_moment(event.revised_at)}"
        yield f"DTSTART:{_moment(event.begins)}"
        if event.ends is not None:
            yield f"DTEND:{_moment(event.ends)}"
        yield f"SUMMARY:{_text(event.summary)}"
        yield f"DESCRIPTION:{_text(event.description)}"
        yield "STATUS:CANCELLED" if event.cancelled else "STATUS:CONFIRMED"
        yield "TRANSP:TRANSPARENT"
        yield "END:VEVENT"
    yield "END:VCALENDAR"


def _text(text: str) -> str:
    return text.translate(_ESCAPES)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _fold(line: str) -> str:
    """Break a line after at most 75 octets, never within a character."""
    parts, part, size = [], "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > _LINE_OCTETS_MAX:
            parts.append(part)
            part, size = " ", 1
        part, size = part + letter, size + octets
    return "\r\n".join((*parts, part))
