from collections.abc import Sequence

import structlog
from msgspec import Struct

from sterna_core.errors import Transient
from sterna_core.extractors.cache.vector_cache import (
    Space,
    VectorCache,
    content_hash,
    space_of,
)
from sterna_core.extractors.embedding import embed
from sterna_core.extractors.extractor import Estimate, Extractor
from sterna_core.extractors.rejected_text import RejectedText, screen
from sterna_core.extractors.vector import Vector

_log = structlog.get_logger(__name__)


class Embedded(Struct, frozen=True):
    """What became of texts, in their order, and what was needed for it."""

    vectors: tuple[Vector | RejectedText, ...]
    made: Estimate
    """What was made now; the rest was known, or is rejected."""
    known: int
    """How many texts had a vector without making one: from the cache, or equal to another."""


async def embed_cached(
    extractor: Extractor, cache: VectorCache | None, texts: Sequence[object]
) -> Embedded:
    """Embed texts in their order; those that were embedded before, or stand twice, cost nothing.

    What has no vector comes back as rejected. A cache that is away costs work, and nothing else;
    without one, everything is made.
    Raises what the extractor raises.
    """
    description = extractor.description
    space = space_of(description)
    results: list[RejectedText | bytes] = []
    sound: dict[bytes, str] = {}
    for text in texts:
        rejected = screen(text, max_characters=description.max_characters)
        if rejected is None:
            assert isinstance(text, str)
            results.append(place := content_hash(text))
            sound[place] = text
        else:
            results.append(rejected)
    vectors: dict[bytes, Vector | RejectedText] = dict(await _find(cache, space, list(sound)))
    missing = {place: text for place, text in sound.items() if place not in vectors}
    made = await embed(extractor, list(missing.values())) if missing else []
    new = dict(zip(missing, made, strict=True))
    vectors |= new
    sound_now = {p: each for p, each in new.items() if not isinstance(each, RejectedText)}
    if await _keep(cache, space, sound_now):
        # A service may answer otherwise every time: what is kept is what everybody has.
        vectors |= await _find(cache, space, list(sound_now))
    whole = tuple(vectors[each] if isinstance(each, bytes) else each for each in results)
    with_text = sum(isinstance(each, bytes) for each in results)
    return Embedded(
        whole, extractor.estimate(list(missing.values())), known=with_text - len(missing)
    )


async def _find(
    cache: VectorCache | None, space: Space, hashes: list[bytes]
) -> dict[bytes, Vector]:
    if cache is None or not hashes:
        return {}
    try:
        return await cache.find(space, hashes)
    except Transient as error:
        _log.warning("vector_cache.away", code=error.code)
        return {}


async def _keep(cache: VectorCache | None, space: Space, vectors: dict[bytes, Vector]) -> bool:
    if cache is None or not vectors:
        return False
    try:
        await cache.keep(space, vectors)
    except Transient as error:
        _log.warning("vector_cache.away", code=error.code, vectors=len(vectors))
        return False
    return True
