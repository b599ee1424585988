"""Embeds the texts of a sample, to know how long that takes and which of them have no vector."""

import asyncio
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from msgspec import Struct

from sterna_core.extractors.extractor import Extractor
from sterna_core.extractors.rejected_text import RejectedText, screen
from sterna_core.namespace_estimate.sample import Stopwatch

FIRST_TEXTS: Final = 8
"""They are not timed where there are more: what comes first finds everything cold."""
TEXTS_AT_ONCE: Final = 32


class Trial(Struct, frozen=True, kw_only=True):
    """How many texts were embedded, how many rejected, and seconds for one, slice by slice."""

    embedded: int = 0
    rejected: int = 0
    seconds_each: tuple[float, ...] = ()


def costs_money(extractor: Extractor) -> bool:
    """Tell whether somebody is paid for vectors, or nobody knows: then none are made to try."""
    cost = extractor.estimate(["a"]).cost_usd
    return cost is None or cost > 0.0


async def try_texts(
    extractor: Extractor, texts: Sequence[object], *, seconds: float, stopwatch: Stopwatch
) -> Trial:
    """Embed as many texts as time allows, in an order that has nothing to do with theirs."""
    most = extractor.description.max_characters
    sound = [each for each in texts if isinstance(each, str) and not _screened(each, most)]
    rejected = len(texts) - len(sound)
    sound.sort(key=lambda text: blake2b(text.encode(), digest_size=8).digest())
    embedded, paces = 0, list[float]()
    if not costs_money(extractor):
        ends_at = asyncio.get_running_loop().time() + seconds
        start, step = 0, FIRST_TEXTS
        try:
            async with asyncio.timeout_at(ends_at):
                while start < len(sound):
                    part = sound[start : start + step]
                    begun = stopwatch()
                    made = await extractor.embed(part)
                    paces.append((stopwatch() - begun) / len(part))
                    refused = sum(isinstance(each, RejectedText) for each in made)
                    rejected, embedded = rejected + refused, embedded + len(part) - refused
                    start, step = start + step, TEXTS_AT_ONCE
        except TimeoutError:
            pass  # what was embedded until now is what is known
    return Trial(embedded=embedded, rejected=rejected, seconds_each=tuple(paces[1:] or paces))


def _screened(text: str, most: int) -> bool:
    return screen(text, max_characters=most) is not None
