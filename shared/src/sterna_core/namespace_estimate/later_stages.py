"""How long it takes what comes after the documents: indexes, clusters, taxonomies, benchmarks."""

from collections.abc import Mapping
from typing import Final

from sterna_core.namespace_estimate.figures import Interval, known
from sterna_core.namespace_estimate.subject import Subject
from sterna_core.namespace_estimate.totals import plus, product, times
from sterna_core.namespace_migration.benchmark_options import BenchmarkOptions
from sterna_core.namespace_migration.relabelling import applied

INDEX_SECONDS: Final = Interval(value=8e-7, low=2e-7, high=6e-6)
"""For each number of a vector; most where the server's memory does not hold them all."""
GROUP_SECONDS: Final = Interval(value=8e-4, low=1e-4, high=6e-3)
"""For a document of a cluster that is computed anew."""
LABEL_SECONDS: Final = Interval(value=1.2e-3, low=2e-4, high=1e-2)
"""For a document that a taxonomy labels anew."""
SEARCHES: Final = Interval(value=2.5, low=1.5, high=10.0)
"""What a question of a benchmark takes, as so many searches: two, and what is around them."""
SEARCH_SECONDS: Final = Interval(value=5e-3, low=5e-4, high=0.2)
"""A search in a source that has no vectors to try one with."""


def indexing(documents: int, numbers: int) -> Interval:
    """Give the seconds of the indexes, by how many numbers the vectors of a document have."""
    return times(INDEX_SECONDS, documents * numbers)


def grouping(subject: Subject, sizes: Mapping[str, int]) -> Interval:
    """Give the seconds of clusters that are computed anew; of others nothing is computed."""
    options = subject.config.cluster_options
    if options is None or not options.recompute_clusters:
        return known(0)
    documents = sum(
        sizes.get(name, 0)
        for each in subject.resources
        if each.kind == "cluster"
        for name in each.definition.get("collection_ids") or ()
    )
    return times(GROUP_SECONDS, documents)


def labelling(subject: Subject, sizes: Mapping[str, int]) -> Interval:
    """Give the seconds of taxonomies that label documents anew; others bring their labels along."""
    places = applied(subject.config, subject.resources)
    documents = sum(sizes.get(each.collection_id, 0) for some in places.values() for each in some)
    return times(LABEL_SECONDS, documents)


def benchmarking(subject: Subject, documents: int, search: Interval | None) -> Interval:
    """Give the seconds of the questions that retrievers are asked, by how long one search takes."""
    options = subject.config.benchmark_options or BenchmarkOptions()
    questions = sum(
        len(options.queries_of(each.resource_id)) or min(options.sample_size, documents)
        for each in subject.resources
        if each.kind == "retriever"
    )
    return times(product(search or SEARCH_SECONDS, SEARCHES), questions)


def all_of_them(
    subject: Subject, sizes: Mapping[str, int], numbers: int, search: Interval | None
) -> Interval:
    """Give the seconds of all, one after another."""
    documents = sum(sizes.values())
    whole = plus(indexing(documents, numbers), grouping(subject, sizes))
    whole = plus(whole, labelling(subject, sizes))
    return plus(whole, benchmarking(subject, documents, search))
