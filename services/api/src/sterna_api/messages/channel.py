from typing import Protocol

from msgspec import Struct

from sterna_api.messages.message import Message
from sterna_core.notice.commands import NoticeResult


class Told(Struct, frozen=True):
    """What became of telling somebody; `reason` is a stable code, never the other side's words."""

    result: NoticeResult
    reason: str | None = None


class Channel(Protocol):
    """A way to tell somebody something; never raises for what is wrong with the other side."""

    async def tell(self, recipient: str, message: Message, *, event_id: str) -> Told:
        """Tell `recipient` within a deadline; the same event can come again, under the same id."""
        ...


class FakeChannel:
    """Remembers what it was told to tell."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Message, str]] = []
        self.answer = Told("delivered")

    async def tell(self, recipient: str, message: Message, *, event_id: str) -> Told:
        """Remember."""
        self.told.append((recipient, message, event_id))
        return self.answer
