from typing import Annotated

from msgspec import Meta, Struct

from sterna_core.extractors.thread_pool import THREADS
from sterna_core.secrets.secret import Secret


class ExtractorSettings(Struct, frozen=True, kw_only=True):
    """How texts are embedded; each field is an environment variable, see docs/settings.md."""

    extractor_threads: Annotated[int, Meta(ge=1, le=64)] = THREADS
    embedding_url: str | None = None
    embedding_key: Secret | None = None
    embedding_prices: tuple[str, ...] = ()
