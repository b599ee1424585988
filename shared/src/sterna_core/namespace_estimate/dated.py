"""Of a sample, and of counts, what is left where documents are chosen by their dates."""

from collections.abc import Mapping

from msgspec.structs import replace

from sterna_core.namespace_estimate.figures import Count
from sterna_core.namespace_estimate.sample import Sample
from sterna_core.namespace_estimate.subject import Subject
from sterna_core.namespace_migration.date_range import (
    EVERY_DATE,
    WrongDateRange,
    dated_collections,
    read_date_range,
)


def wanted_by_date(
    subject: Subject, sample: Sample, counts: Mapping[str, Count]
) -> tuple[Sample, dict[str, Count]]:
    """Give the documents of a sample that go along, and how many do in all by their share of it."""
    filters = subject.config.filters
    try:
        dates = read_date_range(filters.date_range if filters else None)
    except WrongDateRange:
        dates = EVERY_DATE  # the validation says what is wrong with it
    left, documents = dict(counts), dict(sample.documents)
    if dates.is_everything:
        return sample, left
    for name in dated_collections(subject.resources):
        read = documents.get(name, ())
        if not read:
            continue
        documents[name] = tuple(each for each in read if dates.wants(each.payload))
        share = len(documents[name]) / len(read)
        whole = counts[name].exact and len(read) == counts[name].count
        left[name] = Count(count=round(counts[name].count * share), exact=whole)
    return replace(sample, documents=documents), left
