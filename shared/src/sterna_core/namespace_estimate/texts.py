"""What a sample says of the texts that are to be embedded anew."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from sterna_core.extractors.extractor import Extractor
from sterna_core.namespace.input_text import input_path, input_text
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_estimate.figures import Interval
from sterna_core.namespace_estimate.sample import Sample
from sterna_core.namespace_estimate.totals import Stratum, times, total


class SampledTexts(Struct, frozen=True, kw_only=True):
    """The texts of a sample by collection; None where a document has none."""

    sizes: dict[str, int]
    by_collection: dict[str, tuple[Any, ...]]

    @property
    def there(self) -> list[Any]:
        """All that stand where a text should."""
        return [text for each in self.by_collection.values() for text in each if text is not None]

    @property
    def without(self) -> int:
        """How many documents have none."""
        return sum(text is None for each in self.by_collection.values() for text in each)

    def how_many(self) -> Interval | None:
        """Say how many texts there are in all."""
        return self._total(lambda text: float(text is not None))

    def tokens(self, extractor: Extractor) -> Interval | None:
        """Say how many tokens they have in all."""
        return self._total(
            lambda text: float(extractor.estimate([text]).tokens) if isinstance(text, str) else 0.0
        )

    def cost_usd(self, extractor: Extractor, tokens: Interval) -> Interval | None:
        """Say what an extractor takes for so many tokens; None where nobody knows."""
        texts = [text for text in self.there if isinstance(text, str)]
        estimate = extractor.estimate(texts)
        if estimate.cost_usd is None:
            return None
        return times(tokens, estimate.cost_usd / max(1, estimate.tokens))

    def _total(self, measure: Any) -> Interval | None:
        return total(
            [
                Stratum(size, tuple(measure(text) for text in self.by_collection.get(name, ())))
                for name, size in self.sizes.items()
            ]
        )


def texts_of(
    sample: Sample, sizes: Mapping[str, int], collections: Sequence[Resource]
) -> SampledTexts:
    """Take the texts out of a sample."""
    paths = {each.resource_id: input_path(each.definition) for each in collections}
    return SampledTexts(
        sizes=dict(sizes),
        by_collection={
            name: tuple(input_text(each.payload, paths[name]) for each in documents)
            for name, documents in sample.documents.items()
        },
    )
