from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sterna_core.extractors.registry import ExtractorRegistry, Makers, installed_makers
from sterna_core.extractors.resources import ExtractorResources
from sterna_core.extractors.service_access import ServiceAccess, read_prices
from sterna_core.extractors.settings import ExtractorSettings
from sterna_core.extractors.thread_pool import ThreadPool


@asynccontextmanager
async def open_extractors(
    settings: ExtractorSettings, more: Makers | None = None
) -> AsyncGenerator[ExtractorRegistry]:
    """Give the extractors of this installation until the block ends; raises Misconfigured.

    `more` are there besides, whatever is installed.
    """
    service = None
    if settings.embedding_url is not None:
        service = ServiceAccess(
            settings.embedding_url, settings.embedding_key, read_prices(settings.embedding_prices)
        )
    makers = installed_makers() | dict(more or {})
    registry = ExtractorRegistry(
        makers, ExtractorResources(ThreadPool(settings.extractor_threads), service)
    )
    try:
        yield registry
    finally:
        registry.close()
