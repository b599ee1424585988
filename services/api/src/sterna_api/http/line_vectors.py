"""Makes the vectors that uploaded documents come without, from their texts."""

from collections.abc import Mapping, Sequence

import structlog
from msgspec.structs import replace

from sterna_core.errors import Misconfigured, Rejected
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.namespace.input_text import input_text
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.vector import Vector
from sterna_core.retriever.embedding import NamespaceEmbedder

_log = structlog.get_logger(__name__)


class LineVectors:
    """Embeds the documents of one upload, by the fields that their collections name."""

    def __init__(
        self,
        embedder: NamespaceEmbedder,
        feature_uris: Sequence[str],
        paths: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._embedder = embedder
        self._feature_uris = feature_uris
        self._paths = paths

    async def fill(self, documents: Sequence[Document]) -> list[Document | RejectedText]:
        """Give the documents with their vectors, or why one cannot have it.

        A vector that was given stays, and a document without a text goes without, as all do whose
        extractor is not installed. Raises what extractors raise, and Rejected where one that is
        installed cannot be used.
        """
        filled: list[Document | RejectedText] = list(documents)
        for uri in self._feature_uris:
            texts = {
                place: text
                for place, each in enumerate(filled)
                if isinstance(each, Document)
                and uri not in each.vectors
                and (text := input_text(each.payload, self._paths[each.collection_id])) is not None
            }
            if not texts:
                continue
            made = await self._embedded(uri, list(texts.values()))
            if made is None:
                continue
            for place, vector in zip(texts, made, strict=True):
                document = filled[place]
                assert isinstance(document, Document)
                filled[place] = (
                    vector
                    if isinstance(vector, RejectedText)
                    else replace(document, vectors={**document.vectors, uri: vector})
                )
        return filled

    async def _embedded(
        self, feature_uri: str, texts: Sequence[str]
    ) -> list[Vector | RejectedText] | None:
        """Embed texts; None where vectors are whoever's affair uploads them."""
        try:
            if not await self._embedder.has_extractor(feature_uri):
                return None
            return await self._embedder.embed_all(feature_uri, texts)
        except Misconfigured as error:
            _log.warning("extractor.unusable", feature_uri=feature_uri, code=error.code)
            raise Rejected(
                "extractor_unusable",
                "The extractor of this feature is installed and cannot be used, so that nothing"
                f" would find these documents: {error.message}",
                {"feature_uri": feature_uri, "reason": error.code},
            ) from None
