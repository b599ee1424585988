from typing import Literal

from msgspec import Struct

Reason = Literal["not_text", "empty", "too_long", "not_unicode", "no_features", "refused"]

_WORDS: dict[Reason, str] = {
    "not_text": "The value is not a text.",
    "empty": "The text is empty.",
    "too_long": "The text is longer than the extractor takes.",
    "not_unicode": "The text holds half a character, which no encoding can carry.",
    "no_features": "The extractor finds nothing in the text, so its vector has no direction.",
    "refused": "The embedding service refuses the text, and takes others.",
}


class RejectedText(Struct, frozen=True):
    """A text that has no vector; others of its batch have theirs. It never holds the text."""

    reason: Reason
    details: dict[str, int] = {}

    @property
    def message(self) -> str:
        """Say to a person why."""
        return _WORDS[self.reason]


def screen(text: object, *, max_characters: int) -> RejectedText | None:
    """Say why a value cannot be embedded, or None where it can."""
    if not isinstance(text, str):
        return RejectedText("not_text")
    if len(text) > max_characters:
        return RejectedText("too_long", {"characters": len(text), "max_characters": max_characters})
    if not text.strip():
        return RejectedText("empty")
    try:
        text.encode()
    except UnicodeEncodeError:
        return RejectedText("not_unicode")
    return None
