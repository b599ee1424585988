from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sterna_core.namespace_store.store import Adoptions, Spaces


@dataclass
class Door:
    """A store that is open, how many are inside, and how to close it."""

    store: Spaces
    close: Callable[[], Awaitable[None]]
    visitors: int = 0
    adoptions: Adoptions | None = None
    """The store itself, where it can adopt what is there already."""
