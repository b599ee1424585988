"""Keeps as many executions as are to be kept, the newest."""

from collections import OrderedDict
from datetime import datetime
from typing import Final

import msgspec

from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.span import Span
from sterna_core.namespace_store.store import Shelf

EXECUTIONS_KEPT: Final = 1_000
PLACES_MAX: Final = 10_000
"""Places of which is known how much was added since they were looked at."""
_DELETED_AT_ONCE: Final = 500


class HistoryKeeper:
    """Forgets what is too old, now and then: up to a tenth more than `most` may be there."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._added: OrderedDict[tuple[str, str], int] = OrderedDict()

    async def added(self, namespace_id: str, shelf: Shelf, place: str) -> int:
        """Take in that a record was added; give how many old ones were forgotten for it."""
        key = (namespace_id, place)
        count = self._added.get(key, self.most) + 1
        if count <= self.most // 10:
            self._remember(key, count)
            return 0
        self._remember(key, 0)
        return await prune(shelf, place, self.most)

    def _remember(self, key: tuple[str, str], count: int) -> None:
        self._added[key] = count
        self._added.move_to_end(key)
        while len(self._added) > PLACES_MAX:
            self._added.popitem(last=False)


async def prune(shelf: Shelf, place: str, most: int) -> int:
    """Forget the oldest records of a place beyond so many; give how many these were."""
    if await shelf.count(Span(place)) <= most:
        return 0
    found: list[tuple[datetime, str]] = []
    after: str | None = None
    while True:
        page = await shelf.scan(Span(place, after))
        found += [(_recorded(each), each.document_id) for each in page.documents]
        if page.last is None:
            break
        after = page.last
    found.sort()
    old = [name for _, name in found[: max(0, len(found) - most)]]
    for start in range(0, len(old), _DELETED_AT_ONCE):
        await shelf.delete(old[start : start + _DELETED_AT_ONCE])
    return len(old)


async def forget(shelf: Shelf, place: str) -> int:
    """Forget all records of a place; give how many these were."""
    gone = 0
    while True:
        page = await shelf.scan(Span(place))
        if page.documents:
            gone += await shelf.delete([each.document_id for each in page.documents])
        if page.last is None:
            return gone


def _recorded(document: Document) -> datetime:
    return msgspec.convert(document.payload["recorded_at"], datetime)
