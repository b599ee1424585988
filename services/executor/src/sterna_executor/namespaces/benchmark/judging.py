"""What the answers of both sides are worth, and whether the new ones are not worse."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.namespace_migration.benchmark_options import BenchmarkOptions
from sterna_core.namespace_migration.benchmark_report import (
    PAIRS_MIN,
    WORST_TOLD,
    BenchmarkReport,
    Difference,
    RetrieverQuality,
    WorseQuery,
)
from sterna_core.retrieval.paired import paired_interval
from sterna_core.retrieval.quality import mean, values_by_query
from sterna_executor.namespaces.benchmark.side import Answers

_MS = 1_000.0


class Judged(Struct, frozen=True):
    """The answers of one side, with the grades of its documents by query."""

    answers: Answers
    grades: Mapping[str, Mapping[str, int]]


def judge(
    report: BenchmarkReport, options: BenchmarkOptions, old: Judged, new: Judged
) -> BenchmarkReport:
    """Complete a report: it passes where the interval of the difference is above what may be lost.

    A query that one side alone could not be asked counts as nothing found there. Raises
    ValueError where there is no query.
    """
    measure = f"ndcg@{options.k_values[0]}"
    before, after = (_values(each, options.k_values) for each in (old, new))
    gone = {name: after[measure][name] - value for name, value in before[measure].items()}
    interval = paired_interval(
        list(gone.values()), confidence=options.confidence, seed=options.seed
    )
    worst = sorted(name for name, value in gone.items() if value < 0)
    worst.sort(key=gone.__getitem__)
    report = replace(
        report,
        queries=len(gone),
        before=_quality(before, old.answers),
        after=_quality(after, new.answers),
        difference=Difference(mean=interval.mean, lower=interval.lower, upper=interval.upper),
        worst=tuple(
            WorseQuery(query_id=name, before=before[measure][name], after=after[measure][name])
            for name in worst[:WORST_TOLD]
        ),
    )
    if len(gone) < PAIRS_MIN:
        few = f"fewer than {PAIRS_MIN} queries allow no conclusion."
        return replace(report, verdict="inconclusive", reason=few)
    passes = interval.lower >= -options.max_drop
    return replace(report, verdict="passed" if passes else "failed")


def _values(judged: Judged, k_values: Sequence[int]) -> dict[str, dict[str, float]]:
    rankings = {
        query: {name: -float(place) for place, name in enumerate(found)}
        for query, found in judged.answers.rankings.items()
    }
    return values_by_query(judged.grades, rankings, at=k_values)


def _quality(values: Mapping[str, Mapping[str, float]], answers: Answers) -> RetrieverQuality:
    spent = sorted(answers.seconds) or [0.0]
    return RetrieverQuality(
        metrics={name: mean(each) for name, each in sorted(values.items())},
        latency_p50_ms=_at(spent, 0.50) * _MS,
        latency_p95_ms=_at(spent, 0.95) * _MS,
    )


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[round(share * (len(ordered) - 1))]
