from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sterna_api.projections.namespaces import KnownNamespace
from sterna_core.errors import NotFound, Transient
from sterna_core.namespace.store_place import StorePlace
from sterna_core.namespace_store.adoption import Adoption
from sterna_core.namespace_store.doors import StoreDoors
from sterna_core.namespace_store.store import Space
from sterna_core.retriever_history.keeping import forget
from sterna_core.retriever_history.place import KINDS, HistoryKind, HistoryPlace

UPLOADS_MAX = 8
"""Uploads that one process takes at once: each holds a batch in memory."""


class NamespaceSpaces:
    """Where the documents of namespaces are, opened for a request."""

    def __init__(self, doors: StoreDoors) -> None:
        self._doors = doors
        self._uploads = 0

    @asynccontextmanager
    async def for_writing(self, known: KnownNamespace) -> AsyncGenerator[Space]:
        """Lend a namespace's space, made now if nothing was ever written; raises Transient."""
        if self._uploads >= UPLOADS_MAX:
            raise Transient(
                "Too many uploads are under way; try again soon.", code="too_many_uploads"
            )
        self._uploads += 1
        try:
            view = known.view
            async with self._doors.space(
                view.store, known.namespace_id, view.feature_extractors
            ) as space:
                yield space
        finally:
            self._uploads -= 1

    @asynccontextmanager
    async def for_records(self, known: KnownNamespace) -> AsyncGenerator[Space]:
        """Lend a namespace's space for a record or two, made now if nothing was ever written."""
        view = known.view
        async with self._doors.space(
            view.store, known.namespace_id, view.feature_extractors
        ) as space:
            yield space

    @asynccontextmanager
    async def for_reading(self, known: KnownNamespace) -> AsyncGenerator[Space | None]:
        """Lend a namespace's space; None where nothing was ever written."""
        async with self.at(known.view.store, known.namespace_id) as space:
            yield space

    @asynccontextmanager
    async def at(self, place: StorePlace, namespace_id: str) -> AsyncGenerator[Space | None]:
        """Lend the space of a place; None where nothing was ever written."""
        async with self._doors.store(place) as store:
            try:
                space = await store.open(namespace_id)
            except NotFound:
                space = None
            yield space

    async def forget_history(
        self,
        known: KnownNamespace,
        retriever_id: str,
        kinds: tuple[HistoryKind, ...] = KINDS,
    ) -> int:
        """Forget what a retriever was asked and what was done with it; give how much it was."""
        gone = 0
        async with self.for_reading(known) as space:
            if space is not None and not space.adopted:
                for kind in kinds:
                    gone += await forget(space.objects, str(HistoryPlace(kind, retriever_id)))
        return gone

    async def adopt(self, place: StorePlace, namespace_id: str, adoption: Adoption) -> None:
        """Take what is there for a namespace; done again, it is the same."""
        await self._doors.adopt(place, namespace_id, adoption)

    async def drop(self, place: StorePlace, namespace_id: str) -> None:
        """Remove all that a namespace holds, of an adopted one the adoption alone."""
        async with self._doors.store(place) as store:
            await store.drop(namespace_id)
