"""What a person is told of an event: short, in plain text and in HTML, without any secret."""

from html import escape
from typing import Any

import msgspec
from msgspec import Struct

from sterna_core.logs import clean_text
from sterna_core.webhook.event_name import short_name

_FACTS = {
    "records": "Rows",
    "tables": "Tables",
    "seconds": "Seconds",
    "phase": "Phase",
    "code": "Code",
    "message": "What happened",
    "table": "Table",
    "class": "Class",
    "rows": "Rows set aside",
    "mappings_pending": "Mappings that wait for approval",
    "start_at": "It was to start at",
    "closes_at": "The window closes at",
}
"""What is told of an event's data, in this order."""
_NAME_CHARACTERS = 120
_TEXT_CHARACTERS = 2_000


class Message(Struct, frozen=True):
    """What somebody is told."""

    subject: str
    lines: tuple[tuple[str, str], ...]
    link: str | None

    @property
    def text(self) -> str:
        """Give it as plain text."""
        lines = [self.subject, "", *(f"{name}: {value}" for name, value in self.lines)]
        if self.link is not None:
            lines += ["", self.link]
        return "\n".join(lines) + "\n"

    @property
    def html(self) -> str:
        """Give it as a small page."""
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>"
            for name, value in self.lines
        )
        link = ""
        if self.link is not None:
            address = escape(self.link, quote=True)
            link = f'<p><a href="{address}">{address}</a></p>'
        head = escape(self.subject)
        return f"<html><body><h3>{head}</h3><table>{rows}</table>{link}</body></html>"


def message_of(kind: str, body: str, public_url: str | None) -> Message:
    """Write what is told of an event; `body` is the event as webhooks have it."""
    data: dict[str, Any] = msgspec.json.decode(body)["data"]
    name = _line(str(data.get("migration_name", "")), _NAME_CHARACTERS)
    what = short_name(kind).replace("_", " ")
    lines = [("Migration", name), ("Status", _line(str(data.get("status", "")), 40))]
    for key, words in _FACTS.items():
        if data.get(key) is not None:
            lines.append((words, _line(str(data[key]), _TEXT_CHARACTERS)))
    link = None
    if public_url is not None:
        link = f"{public_url.rstrip('/')}/v1/migrations/{data['migration_id']}"
    return Message(f"Migration {what}: {name}", tuple(lines), link)


def _line(text: str, characters: int) -> str:
    """Keep a text on one line, without control characters, and within bounds."""
    return clean_text(" ".join(text.split()))[:characters]
