"""`openai_compatible@v1`: any service that answers `/v1/embeddings`."""

import asyncio
from collections.abc import Mapping, Sequence
from random import SystemRandom
from typing import Any

import aiohttp

from sterna_core.clock import system_clock
from sterna_core.errors import Misconfigured
from sterna_core.extractors.extractor import Description, Estimate, Output, estimated_tokens
from sterna_core.extractors.openai_compatible.batches import batches
from sterna_core.extractors.openai_compatible.model import Model, read_model
from sterna_core.extractors.openai_compatible.patience import Patience
from sterna_core.extractors.openai_compatible.service import EmbeddingService, TextsRefused
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.extractors.resources import ExtractorResources
from sterna_core.extractors.vector import Vector

MAX_CHARACTERS = 32_000
"""About 8,000 tokens of English: what such models read of one text."""
_PROBE = ("a",)
_MILLION = 1_000_000
_CHANCE = SystemRandom()


def make_openai_compatible(
    parameters: Mapping[str, Any], resources: ExtractorResources
) -> "OpenaiCompatible":
    """Make the extractor for a `model`, and a `dimension` where the model is not a known one."""
    model = read_model(parameters)
    access = resources.service
    if access is None:
        raise Misconfigured("Set STERNA_EMBEDDING_URL to the service that embeds texts.")
    patience = Patience(sleep=asyncio.sleep, clock=system_clock, chance=_CHANCE.random)
    return OpenaiCompatible(
        model, EmbeddingService(access, model, patience), access.prices.get(model.name)
    )


class OpenaiCompatible:
    """Asks a service for vectors, in batches and one request at a time."""

    def __init__(
        self, model: Model, service: EmbeddingService, usd_per_million_tokens: float | None
    ) -> None:
        self._service = service
        self._price = usd_per_million_tokens
        self._description = Description(
            "openai_compatible",
            "v1",
            (Output("embedding", model.dimension),),
            MAX_CHARACTERS,
            model.parameters(),
        )

    @property
    def description(self) -> Description:
        """Say which extractor this is."""
        return self._description

    def estimate(self, texts: Sequence[str]) -> Estimate:
        """Say what texts will need: tokens by their bytes, money by the price table."""
        tokens = estimated_tokens(texts)
        cost = None if self._price is None else tokens * self._price / _MILLION
        return Estimate(len(texts), tokens, cost)

    async def embed(self, texts: Sequence[str]) -> list[Vector | RejectedText]:
        """Embed texts in their order; texts that the service refuses are found and set aside.

        Raises what the service raises, and Misconfigured where it refuses any text at all.
        """
        made: list[Vector | RejectedText] = [RejectedText("refused")] * len(texts)
        async with self._service.session() as session:
            for places in batches(texts):
                await self._embed(session, texts, places, made)
        return made

    async def _embed(
        self,
        session: aiohttp.ClientSession,
        texts: Sequence[str],
        places: list[int],
        made: list[Vector | RejectedText],
    ) -> None:
        """Embed the texts of some places; a batch that is refused is halved until it is not.

        A refusal is a text's own where the service takes another text afterwards; a model may be
        unloaded at any time, and a gateway may have a new rule.
        """
        takes_texts, is_doubtful = False, False
        halves = [places]
        while halves:
            batch = halves.pop()
            try:
                vectors = await self._service.vectors(session, [texts[each] for each in batch])
            except TextsRefused:
                if not takes_texts:
                    await self._see_that_texts_are_taken(session)
                    takes_texts = True
                elif len(batch) == 1:
                    is_doubtful = True
                if len(batch) > 1:
                    middle = len(batch) // 2
                    halves += [batch[:middle], batch[middle:]]
                continue
            takes_texts, is_doubtful = True, False
            for place, vector in zip(batch, vectors, strict=True):
                made[place] = vector
        if is_doubtful:
            await self._see_that_texts_are_taken(session)

    async def _see_that_texts_are_taken(self, session: aiohttp.ClientSession) -> None:
        """Tell a text that is refused from a service that refuses everything."""
        try:
            await self._service.vectors(session, _PROBE)
        except TextsRefused:
            raise Misconfigured(
                "The embedding service refuses every text: `model` or `dimension` is wrong, or the"
                " service has no such model any more.",
                code="embedding_service_wrong",
            ) from None
