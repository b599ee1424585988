"""Files that only their owner can read."""

import os
from collections.abc import Callable
from pathlib import Path


def write_private(path: Path, content: bytes) -> None:
    """Write a file with mode 0600, replacing an older one at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    fresh.replace(path)


def kept(path: Path, make: Callable[[], str]) -> str:
    """Give the text kept in a private file, made the first time."""
    if not path.exists():
        write_private(path, make().encode())
    return path.read_text(encoding="utf-8")
