"""Texts of an upload get their vectors, or the upload hears why not."""

from collections.abc import Mapping
from typing import Any

import pytest

from sterna_api.http.line_vectors import LineVectors
from sterna_core.errors import Misconfigured, Rejected
from sterna_core.extractors.extractor import Extractor
from sterna_core.extractors.registry import ExtractorName, ExtractorRegistry, MakeExtractor
from sterna_core.extractors.resources import ExtractorResources
from sterna_core.extractors.shipped_file import FileAltered
from sterna_core.extractors.thread_pool import ThreadPool
from sterna_core.namespace.feature_extractor import FeatureExtractor, FeatureOutput
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.vector import Vector
from sterna_core.retriever.embedding import NamespaceEmbedder

_URI = "sterna://shut@v1/embedding"
_SHUT = (
    FeatureExtractor(
        feature_extractor_name="shut",
        version="v1",
        outputs=(FeatureOutput(name="embedding", dimensions=1),),
    ),
)
_PLAIN = Document(document_id="a", collection_id="c", payload={"text": "a kettle"})


def _embedder(error: Misconfigured | None) -> NamespaceEmbedder:
    def imported() -> MakeExtractor:
        return make

    def make(_: Mapping[str, Any], __: ExtractorResources) -> Extractor:
        assert error is not None
        raise error

    makers = {} if error is None else {ExtractorName("shut", "v1"): imported}
    registry = ExtractorRegistry(makers, ExtractorResources(ThreadPool(1)))
    return NamespaceEmbedder(registry, None, _SHUT)


def _vectors(embedder: NamespaceEmbedder) -> LineVectors:
    return LineVectors(embedder, (_URI,), {"c": ("text",)})


@pytest.mark.parametrize(
    "error",
    [
        Misconfigured("Set a setting."),
        FileAltered("A file was altered."),
        Misconfigured("A package is missing.", code="extractor_not_installed"),
    ],
)
async def test_an_extractor_that_is_there_and_shut_refuses_texts_and_says_why(error: Misconfigured):
    embedder = _embedder(error)
    with pytest.raises(Rejected) as refused:
        await _vectors(embedder).fill([_PLAIN])
    assert refused.value.code == "extractor_unusable"
    assert error.message in refused.value.message
    assert refused.value.details == {"feature_uri": _URI, "reason": error.code}
    assert not await embedder.can_embed(_URI)


async def test_documents_that_need_no_vector_need_no_extractor():
    brought = Document(
        document_id="b",
        collection_id="c",
        payload={"text": "a chair"},
        vectors={_URI: Vector(bytes(4))},
    )
    without = Document(document_id="c", collection_id="c", payload={})
    vectors = _vectors(_embedder(Misconfigured("Set a setting.")))
    assert await vectors.fill([brought, without]) == [brought, without]


async def test_vectors_of_an_extractor_that_is_not_installed_are_whose_documents_they_are():
    assert await _vectors(_embedder(None)).fill([_PLAIN]) == [_PLAIN]
