"""Durations as people write them: `30m`, `1h30m`, `2d`."""

import re

_TEXT = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?\Z", re.ASCII)
_UNITS = (86_400, 3_600, 60, 1)
_NAMES = "dhms"


def parse_duration(text: str) -> int | None:
    """Give the seconds of a text; None where it is no duration."""
    found = _TEXT.match(text)
    if not text or found is None:
        return None
    return sum(int(number or 0) * unit for number, unit in zip(found.groups(), _UNITS, strict=True))


def duration_text(seconds: int) -> str:
    """Write seconds so that `parse_duration` reads them."""
    parts = []
    for unit, name in zip(_UNITS, _NAMES, strict=True):
        number, seconds = divmod(seconds, unit)
        if number:
            parts.append(f"{number}{name}")
    return "".join(parts) or "0s"
