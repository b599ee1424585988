from sterna_core.errors import Rejected
from sterna_core.namespace.feature_extractor import FeatureExtractor
from sterna_core.namespace_store.vector import Vector
from sterna_core.retriever.execution import QueryEmbedder


class VectorsOnly:
    """Embeds nothing: who asks gives vectors."""

    def of(self, extractors: tuple[FeatureExtractor, ...]) -> QueryEmbedder:
        """Give what refuses texts."""
        del extractors
        return self

    @staticmethod
    async def embed(feature_uri: str, text: str) -> Vector:
        """Refuse a text."""
        del text
        raise Rejected(
            "extractor_not_installed",
            "The extractor of this feature is not installed here: ask with a vector.",
            {"feature_uri": feature_uri},
        )
