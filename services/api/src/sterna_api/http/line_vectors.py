"""Makes the vectors that uploaded documents come without, from their texts."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.namespace.input_text import input_text
from sterna_core.namespace_store.document import Document
from sterna_core.retriever.embedding import NamespaceEmbedder


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

        A vector that was given stays, and a document without a text goes without. Raises what
        extractors raise.
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
            if not texts or not await self._embedder.can_embed(uri):
                continue
            made = await self._embedder.embed_all(uri, list(texts.values()))
            for place, vector in zip(texts, made, strict=True):
                document = filled[place]
                assert isinstance(document, Document)
                filled[place] = (
                    vector
                    if isinstance(vector, RejectedText)
                    else replace(document, vectors={**document.vectors, uri: vector})
                )
        return filled
