from collections.abc import AsyncIterator

import pytest
from tests.support.embedding_service import DIMENSION, EmbeddingServer, embedding_server

from sterna_core.extractors.bootstrap import open_extractors
from sterna_core.extractors.extractor import Extractor
from sterna_core.extractors.registry import ExtractorRegistry
from sterna_core.extractors.settings import ExtractorSettings
from sterna_core.secrets.secret import Secret

_PARAMETERS = {"openai_compatible@v1": {"model": "of-a-test", "dimension": DIMENSION}}


@pytest.fixture(scope="package")
async def server() -> AsyncIterator[EmbeddingServer]:
    async with embedding_server() as running:
        yield running


@pytest.fixture(scope="package")
async def registry(server: EmbeddingServer) -> AsyncIterator[ExtractorRegistry]:
    settings = ExtractorSettings(embedding_url=server.url, embedding_key=Secret("canary-key"))
    async with open_extractors(settings) as opened:
        yield opened


@pytest.fixture(params=["hashing@v1", "wordllama@v1", "minilm@v1", "openai_compatible@v1"])
async def extractor(request: pytest.FixtureRequest, registry: ExtractorRegistry) -> Extractor:
    name, _, version = request.param.partition("@")
    return await registry.open(name, version, _PARAMETERS.get(request.param))
