from collections.abc import Iterator, Sequence

from sterna_core.extractors.extractor import estimated_tokens

BATCH_TEXTS = 128
BATCH_TOKENS = 50_000
"""Estimated; services take some 300,000 in one request, and shorter requests fail cheaper."""


def batches(
    texts: Sequence[str], *, most_texts: int = BATCH_TEXTS, most_tokens: int = BATCH_TOKENS
) -> Iterator[list[int]]:
    """Give the places of texts in batches, in order; one text alone may have too many tokens."""
    batch: list[int] = []
    tokens = 0
    for place, text in enumerate(texts):
        more = estimated_tokens([text])
        if batch and (len(batch) == most_texts or tokens + more > most_tokens):
            yield batch
            batch, tokens = [], 0
        batch.append(place)
        tokens += more
    if batch:
        yield batch
