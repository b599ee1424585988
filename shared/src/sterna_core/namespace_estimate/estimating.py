"""Looks into a source before it is migrated: counts, reads a sample, and tries its texts."""

from collections.abc import Mapping
from typing import Final

import msgspec

from sterna_core.clock import Clock
from sterna_core.extractors.extractor import Extractor
from sterna_core.namespace_estimate import duration, later_stages
from sterna_core.namespace_estimate.counting import count_all
from sterna_core.namespace_estimate.dated import wanted_by_date
from sterna_core.namespace_estimate.figures import (
    Count,
    Estimates,
    Interval,
    SampleFigures,
    known,
)
from sterna_core.namespace_estimate.findings import note
from sterna_core.namespace_estimate.sample import Sample, Stopwatch, read_sample
from sterna_core.namespace_estimate.search_trial import try_searches
from sterna_core.namespace_estimate.subject import Subject
from sterna_core.namespace_estimate.texts import SampledTexts, texts_of
from sterna_core.namespace_estimate.totals import Stratum, mean, plus, product, total
from sterna_core.namespace_estimate.trial import Trial, costs_money, try_texts
from sterna_core.namespace_migration.config import BatchOptions
from sterna_core.namespace_migration.finding import Finding
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.store import Space
from sterna_core.namespace_store.vector import BYTES_OF_FLOAT

COUNT_SECONDS: Final = 3.0
READ_SECONDS: Final = 2.0
TRY_SECONDS: Final = 3.0
"""For all extractors together."""
SEARCH_SECONDS: Final = 1.0
COUNTS_TOLD: Final = 100
"""Buckets and collections whose counts are told, the largest of them."""


async def estimate(
    subject: Subject, space: Space | None, *, clock: Clock, stopwatch: Stopwatch
) -> Estimates:
    """Say what a migration would take; raises what the store and the extractors raise."""
    measured_at = clock()
    if space is None:
        return Estimates(
            measured_at=measured_at,
            documents=Count(count=0),
            objects=Count(count=0),
            bytes=known(0),
            tokens=known(0),
            cost_usd=known(0),
            notes=(note("source_empty"),),
        )
    counts = await count_all(space, (*subject.collections, *subject.buckets), seconds=COUNT_SECONDS)
    options = subject.config.batch_options or BatchOptions()
    sample = await read_sample(
        space.documents,
        _sizes(subject, counts),
        page_rows=options.batch_size,
        seconds=READ_SECONDS,
        stopwatch=stopwatch,
    )
    sample, counts = wanted_by_date(subject, sample, counts)
    sizes = _sizes(subject, counts)
    documents = _sum(counts, sizes)
    objects = _sum(counts, [each.resource_id for each in subject.buckets])
    again = subject.config.migration_type == "re_extract"
    notes = list[Finding]()
    if not documents.count and not objects.count:
        notes.append(note("source_empty"))
    if not all(each.exact for each in counts.values()):
        notes.append(note("not_counted"))
    texts = texts_of(sample, sizes, subject.collections)
    tokens: Interval | None = known(0)
    cost: Interval | None = known(0)
    embedding: Interval | None = known(0)
    embedded = rejected = 0
    for extractor in subject.extractors:
        more_tokens, more_cost, trial = await _texts(
            extractor, texts, TRY_SECONDS / len(subject.extractors), stopwatch
        )
        tokens, cost = _both(tokens, more_tokens), _both(cost, more_cost)
        embedding = _both(embedding, _embedding(trial, texts.how_many()))
        embedded, rejected = max(embedded, trial.embedded), max(rejected, trial.rejected)
        if costs_money(extractor) and texts.there:
            notes.append(note("service_not_asked", extractor.description.reference))
    searches = await try_searches(space, sample, seconds=SEARCH_SECONDS, stopwatch=stopwatch)
    later = later_stages.all_of_them(subject, sizes, _numbers(subject, space), mean(searches))
    for name, reason in subject.missing.items():
        tokens = cost = embedding = None
        notes.append(note("extractor_not_opened", name, reason))
    return Estimates(
        measured_at=measured_at,
        documents=documents,
        objects=objects,
        counts=dict(sorted(counts.items(), key=lambda each: -each[1].count)[:COUNTS_TOLD]),
        bytes=_bytes(subject, sample, sizes),
        tokens=_rounded(tokens),
        cost_usd=cost,
        duration_seconds=plus(_moving(subject, sample, documents, objects, embedding), later),
        embedding_seconds=embedding,
        sample=SampleFigures(
            documents=sum(map(len, sample.documents.values())),
            texts=len(texts.there) if again else 0,
            without_text=texts.without if again else 0,
            embedded=embedded,
            rejected=rejected,
            spread=sample.spread,
        ),
        notes=tuple(notes),
    )


async def _texts(
    extractor: Extractor, texts: SampledTexts, seconds: float, stopwatch: Stopwatch
) -> tuple[Interval | None, Interval | None, Trial]:
    tokens = texts.tokens(extractor) or known(0)
    cost = texts.cost_usd(extractor, tokens)
    trial = await try_texts(extractor, texts.there, seconds=seconds, stopwatch=stopwatch)
    return tokens, cost, trial


def _embedding(trial: Trial, texts: Interval | None) -> Interval | None:
    """Give the seconds for all texts; None where none was tried and there are some."""
    if texts is None or not texts.value:
        return known(0)
    each = mean(trial.seconds_each)
    return None if each is None else product(each, texts)


def _moving(
    subject: Subject,
    sample: Sample,
    documents: Count,
    objects: Count,
    embedding: Interval | None,
) -> Interval:
    """Give the seconds of documents, without those of embedding where these are not known."""
    amount = duration.Amount(
        documents=documents.count + objects.count,
        resources=len(subject.resources),
        config=subject.config,
    )
    reading = mean(sample.seconds_each) or known(0)
    whole = plus(duration.moving(amount, reading), duration.asking(amount))
    return plus(whole, embedding) if embedding is not None else whole


def _numbers(subject: Subject, space: Space) -> int:
    """Give how many numbers the vectors of a document have in the target."""
    if subject.config.migration_type == "re_extract":
        return _new_numbers(subject)
    return sum(each.dimensions for each in space.features)


def _new_numbers(subject: Subject) -> int:
    outputs = (each.description.outputs for each in subject.extractors)
    return sum(output.dimension for some in outputs for output in some)


def _bytes(subject: Subject, sample: Sample, sizes: Mapping[str, int]) -> Interval | None:
    """Give what payloads and vectors of documents take in the target."""
    if not any(sizes.values()):
        return known(0)
    again = subject.config.migration_type == "re_extract"
    new = BYTES_OF_FLOAT * _new_numbers(subject)

    def size(document: Document) -> float:
        old = sum(len(each.packed) for each in document.vectors.values())
        return float(len(msgspec.json.encode(document.payload)) + (new if again else old))

    return _rounded(
        total(
            [
                Stratum(each, tuple(map(size, sample.documents.get(name, ()))))
                for name, each in sizes.items()
            ]
        )
    )


def _sizes(subject: Subject, counts: Mapping[str, Count]) -> dict[str, int]:
    return {each.resource_id: counts[each.resource_id].count for each in subject.collections}


def _sum(counts: Mapping[str, Count], names: Mapping[str, int] | list[str]) -> Count:
    found = [counts[each] for each in names]
    return Count(count=sum(each.count for each in found), exact=all(each.exact for each in found))


def _both(one: Interval | None, other: Interval | None) -> Interval | None:
    return None if one is None or other is None else plus(one, other)


def _rounded(interval: Interval | None) -> Interval | None:
    if interval is None:
        return None
    low, value, high = (round(each) for each in (interval.low, interval.value, interval.high))
    return Interval(value=value, low=low, high=high)
