"""Makes vectors for the features of a namespace, by the extractors that are installed."""

from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from typing import Any, Final

from sterna_core.errors import InvalidRequest, Misconfigured, Rejected
from sterna_core.extractors.cache.vector_cache import VectorCache
from sterna_core.extractors.extractor import Extractor
from sterna_core.extractors.registry import ExtractorNotFound, ExtractorRegistry
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.namespace.feature_extractor import FeatureExtractor
from sterna_core.namespace_store.vector import Vector

_CACHED: Final = "sterna_core.extractors.cache.embed_cached"


class NamespaceEmbedder:
    """The extractors of one namespace, opened by the addresses of what they make."""

    def __init__(
        self,
        registry: ExtractorRegistry,
        cache: VectorCache | None,
        extractors: tuple[FeatureExtractor, ...],
    ) -> None:
        self._registry = registry
        self._cache = cache
        self._extractors = {
            str(each.uri(output)): (each, output.dimensions)
            for each in extractors
            for output in each.outputs
        }

    async def embed(self, feature_uri: str, text: str) -> Vector:
        """Give the vector of a query; raises Rejected, InvalidRequest, Transient."""
        if not await self.can_embed(feature_uri):
            raise Rejected(
                "extractor_not_installed",
                "The extractor of this feature is not installed here: ask with a vector.",
                {"feature_uri": feature_uri},
            )
        (made,) = await self.embed_all(feature_uri, [text])
        if isinstance(made, RejectedText):
            raise InvalidRequest(
                made.message, code="query_invalid", details={"reason": made.reason}
            )
        return made

    async def can_embed(self, feature_uri: str) -> bool:
        """Tell whether texts can be embedded for a feature here."""
        try:
            return await self.has_extractor(feature_uri)
        except Misconfigured:
            return False

    async def has_extractor(self, feature_uri: str) -> bool:
        """Tell whether the extractor of a feature is installed here.

        Raises Misconfigured where it is and cannot be opened, which says what it needs.
        """
        return await self._open(feature_uri) is not None

    async def embed_all(
        self, feature_uri: str, texts: Sequence[Any]
    ) -> list[Vector | RejectedText]:
        """Embed texts in their order for a feature that can be; what is known is not made again.

        Raises what the extractor does.
        """
        extractor = await self._open(feature_uri)
        assert extractor is not None
        embedded = await _embed_cached()(extractor, self._cache, texts)
        return [_packed(each) for each in embedded.vectors]

    async def _open(self, feature_uri: str) -> Extractor | None:
        if feature_uri not in self._extractors:
            return None
        extractor, dimensions = self._extractors[feature_uri]
        try:
            opened = await self._registry.open(
                extractor.feature_extractor_name, extractor.version, extractor.parameters
            )
        except ExtractorNotFound:
            return None
        made = opened.description
        is_same = str(made.uri()) == feature_uri and made.output().dimension == dimensions
        return opened if is_same else None


class InstalledEmbedders:
    """Embeds by the extractors of this installation; without a cache everything anew."""

    def __init__(self, registry: ExtractorRegistry, cache: VectorCache | None = None) -> None:
        self._registry = registry
        self._cache = cache

    def of(self, extractors: tuple[FeatureExtractor, ...]) -> NamespaceEmbedder:
        """Give what embeds for a namespace with these extractors."""
        return NamespaceEmbedder(self._registry, self._cache, extractors)


def _embed_cached() -> Callable[..., Awaitable[Any]]:
    """Give what embeds; it needs the extra `namespaces`, which the open extractor is of."""
    embed: Callable[..., Awaitable[Any]] = import_module(_CACHED).embed_cached
    return embed


def _packed(made: Any) -> Vector | RejectedText:
    """Give a vector in the bytes of stores."""
    if isinstance(made, RejectedText):
        return made
    return Vector(made.astype(">f4").tobytes())
