from collections.abc import Sequence
from typing import Any

import msgspec
from qdrant_client import AsyncQdrantClient, models

from sterna_core.errors import NotFound, Rejected, TargetConflict
from sterna_core.namespace_store.adoption import Adoption
from sterna_core.namespace_store.checking import check_features, check_name
from sterna_core.namespace_store.feature import Feature, Metric
from sterna_core.namespace_store.memory import MemoryReceipts, MemoryShelf
from sterna_core.namespace_store.qdrant.adopted import AdoptedLayout, check_collection
from sterna_core.namespace_store.qdrant.points import COLLECTION, OwnLayout, vector_name
from sterna_core.namespace_store.qdrant.reader import QdrantReader
from sterna_core.namespace_store.qdrant.receipts import QdrantReceipts
from sterna_core.namespace_store.qdrant.search import QdrantVectors
from sterna_core.namespace_store.qdrant.session import translated
from sterna_core.namespace_store.qdrant.shelf import QdrantShelf
from sterna_core.namespace_store.qdrant.side import Side
from sterna_core.namespace_store.read_only import NoReceipts, ReadOnlyShelf
from sterna_core.namespace_store.store import Space

_PREFIX = "namespace_"
_OBJECTS = ".objects"
_SIDE = ".side"
_ALIAS = "namespace-"
_DISTANCES: dict[Metric, models.Distance] = {
    "cosine": models.Distance.DOT,  # of unit vectors; its own cosine would change what is kept
    "dot": models.Distance.DOT,
    "euclid": models.Distance.EUCLID,
}


class QdrantNamespaceStore:
    """Spaces as three collections each; the client is its owner's to open and to close."""

    def __init__(self, client: AsyncQdrantClient, *, local: bool = False) -> None:
        self._client = client
        self._local = local

    async def create(self, name: str, features: Sequence[Feature]) -> Space:
        """Make a space, or give the one there is with these features."""
        check_name(name)
        check_features(features)
        wanted = tuple(sorted(features))
        kept = await self._side(name).read("space")
        if kept is None:
            await self._create(name, wanted)
        elif "adoption" in kept or _features_of(kept) != wanted:
            raise TargetConflict(
                "There is a space of this name with other features.", code="space_exists"
            )
        return self._space(name, wanted)

    async def open(self, name: str) -> Space:
        """Give a space; raises NotFound (`space_not_found`)."""
        kept = await self._side(name).read("space")
        if kept is None:
            raise _no_space()
        if "adoption" in kept:
            return self._adopted(name, msgspec.convert(kept["adoption"], Adoption))
        return self._space(name, _features_of(kept))

    async def drop(self, name: str) -> bool:
        """Remove a space with all that is in it; tell whether it was there."""
        kept = await self._side(name).read("space")
        if kept is not None and _collection(name, kept) in (await self._aliases()).values():
            raise Rejected("alias_held", "An alias leads to this space: switch or release it.")
        await self._remove(name)
        return kept is not None

    async def names(self) -> tuple[str, ...]:
        """Give the names of all spaces, sorted."""
        with translated():
            found = await self._client.get_collections()
        sides = [each.name for each in found.collections if each.name.endswith(_SIDE)]
        names = [each.removeprefix(_PREFIX).removesuffix(_SIDE) for each in sides]
        return tuple(
            sorted([each for each in names if await self._side(each).read("space") is not None])
        )

    async def switch(self, alias: str, name: str) -> str | None:
        """Lead an alias to a space; give where it led before."""
        check_name(alias)
        kept = await self._side(name).read("space")
        if kept is None:
            raise _no_space()
        before = await self.holder(alias)
        create = models.CreateAlias(
            collection_name=_collection(name, kept), alias_name=_ALIAS + alias
        )
        await self._change(
            [*_leaving(alias, before), models.CreateAliasOperation(create_alias=create)]
        )
        return before

    async def holder(self, alias: str) -> str | None:
        """Give the space that an alias leads to."""
        collection = (await self._aliases()).get(alias)
        if collection is None or collection.startswith(_PREFIX):
            return None if collection is None else collection.removeprefix(_PREFIX)
        return await self._adopter(collection)

    async def release(self, alias: str) -> str | None:
        """Take an alias away; give where it led."""
        before = await self.holder(alias)
        if before is not None:
            await self._change(_leaving(alias, before))
        return before

    async def adopt(self, name: str, adoption: Adoption) -> Space:
        """Show a table or a collection as a space that can be read and searched."""
        check_name(name)
        features = tuple(sorted(each.feature for each in adoption.features))
        check_features(features)
        with translated():
            there = await self._client.collection_exists(adoption.source)
        if not there or adoption.source.startswith(_PREFIX):
            raise NotFound("There is nothing of this name to adopt.", code="nothing_to_adopt")
        with translated():
            check_collection(await self._client.get_collection(adoption.source), adoption)
        kept = await self._side(name).read("space")
        what = {
            "features": msgspec.to_builtins(features),
            "adoption": msgspec.to_builtins(adoption),
        }
        if kept is not None and kept != what:
            raise TargetConflict("There is a space of this name.", code="space_exists")
        if await self._adopter(adoption.source) not in {None, name}:
            raise TargetConflict("Another space has adopted this.", code="space_exists")
        if kept is None:
            await self._remove(name)
            with translated():
                await self._client.create_collection(_PREFIX + name + _SIDE, vectors_config={})
            await self._side(name).write("space", **what)
        return self._adopted(name, adoption)

    async def _adopter(self, collection: str) -> str | None:
        for name in await self.names():
            kept = await self._side(name).read("space")
            if kept is not None and _collection(name, kept) == collection:
                return name
        return None

    def _adopted(self, name: str, adoption: Adoption) -> Space:
        layout = AdoptedLayout(adoption)
        features = tuple(sorted(each.feature for each in adoption.features))
        return Space(
            name=name,
            features=features,
            documents=ReadOnlyShelf(name, QdrantReader(self._client, adoption.source, layout)),
            objects=ReadOnlyShelf(name, MemoryShelf((), MemoryReceipts())),
            vectors=QdrantVectors(
                self._client,
                adoption.source,
                features=features,
                names={each.feature.uri: each.column for each in adoption.features},
                layout=layout,
                indexes=not self._local,
            ),
            receipts=NoReceipts(name),
            adopted=True,
        )

    async def _change(self, operations: Sequence[models.AliasOperations]) -> None:
        with translated():
            await self._client.update_collection_aliases(operations)

    async def _aliases(self) -> dict[str, str]:
        with translated():
            found = await self._client.get_aliases()
        return {
            each.alias_name.removeprefix(_ALIAS): each.collection_name
            for each in found.aliases
            if each.alias_name.startswith(_ALIAS)
        }

    async def _create(self, name: str, features: tuple[Feature, ...]) -> None:
        """Make the collections; the space is there once its features are written, as the last."""
        await self._remove(name)
        vectors = {
            vector_name(each.uri): models.VectorParams(
                size=each.dimensions, distance=_DISTANCES[each.metric]
            )
            for each in features
        }
        with translated():
            for collection, config in (("", vectors), (_OBJECTS, {}), (_SIDE, {})):
                await self._client.create_collection(
                    _PREFIX + name + collection, vectors_config=config
                )
            if not self._local:
                for collection in ("", _OBJECTS):
                    await self._client.create_payload_index(
                        _PREFIX + name + collection,
                        COLLECTION,
                        models.PayloadSchemaType.KEYWORD,
                        wait=True,
                    )
        await self._side(name).write("space", features=msgspec.to_builtins(features))

    async def _remove(self, name: str) -> None:
        """Remove the collections; the space is gone with the first."""
        with translated():
            for collection in (_SIDE, _OBJECTS, ""):
                if await self._client.collection_exists(_PREFIX + name + collection):
                    await self._client.delete_collection(_PREFIX + name + collection)

    def _side(self, name: str) -> Side:
        return Side(self._client, _PREFIX + name + _SIDE)

    def _space(self, name: str, features: tuple[Feature, ...]) -> Space:
        collection = _PREFIX + name
        receipts = QdrantReceipts(self._side(name))
        return Space(
            name=name,
            features=features,
            documents=QdrantShelf(self._client, collection, features, receipts),
            objects=QdrantShelf(self._client, collection + _OBJECTS, (), receipts),
            vectors=QdrantVectors(
                self._client,
                collection,
                features=features,
                names={each.uri: vector_name(each.uri) for each in features},
                layout=OwnLayout(features),
                indexes=not self._local,
            ),
            receipts=receipts,
        )


def _features_of(kept: dict[str, Any]) -> tuple[Feature, ...]:
    return msgspec.convert(kept["features"], tuple[Feature, ...])


def _collection(name: str, kept: dict[str, Any]) -> str:
    adoption = kept.get("adoption")
    return _PREFIX + name if adoption is None else str(adoption["source"])


def _leaving(alias: str, before: str | None) -> list[models.AliasOperations]:
    if before is None:
        return []
    return [models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=_ALIAS + alias))]


def _no_space() -> NotFound:
    return NotFound("There is no space of this name.", code="space_not_found")
