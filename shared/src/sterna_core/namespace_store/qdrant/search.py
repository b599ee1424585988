from collections.abc import Mapping, Sequence

from qdrant_client import AsyncQdrantClient, models

from sterna_core.namespace_store.checking import check_feature, check_query
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.qdrant.filter import filter_of
from sterna_core.namespace_store.qdrant.points import Layout, unit
from sterna_core.namespace_store.qdrant.session import translated
from sterna_core.namespace_store.query import Hit, Query, finite


class QdrantVectors:
    """Search in the vectors of a collection; `names` has the vector's name for each feature."""

    def __init__(
        self,
        client: AsyncQdrantClient,
        collection: str,
        *,
        features: Sequence[Feature],
        names: Mapping[str, str],
        layout: Layout,
        indexes: bool,
    ) -> None:
        self._client = client
        self._collection = collection
        self._features = {each.uri: each for each in features}
        self._names = names
        self._layout = layout
        self._indexes = indexes

    async def search(self, query: Query) -> tuple[Hit, ...]:
        """Give the nearest documents, the nearest first."""
        feature = check_query(query, self._features)
        values = query.vector.values()
        others = []
        if query.collection_ids is not None:
            others.append(self._layout.collections(query.collection_ids))
        with translated():
            found = await self._client.query_points(
                self._collection,
                query=unit(values) if feature.metric == "cosine" else list(values),
                using=self._names[feature.uri] or None,
                query_filter=filter_of(query.conditions, self._layout.field, others),
                search_params=models.SearchParams(exact=query.exact) if self._indexes else None,
                limit=query.limit,
                with_payload=True,
            )
        sign = -1.0 if feature.metric == "euclid" else 1.0
        hits = [
            Hit(self._layout.document(each, whole=False), finite(sign * each.score))
            for each in found.points
        ]
        return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.document.document_id)))

    async def build_index(self, feature_uri: str) -> bool:
        """Tell whether there is an index: a server makes it by itself, the local mode has none."""
        check_feature(feature_uri, self._features)
        return self._indexes
