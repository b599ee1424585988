from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sterna_core.namespace_store.store import NamespaceStore


@dataclass
class Door:
    """A store that is open, how many are inside, and how to close it."""

    store: NamespaceStore
    close: Callable[[], Awaitable[None]]
    visitors: int = 0
