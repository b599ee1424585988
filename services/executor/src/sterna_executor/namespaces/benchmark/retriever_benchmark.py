"""Asks a retriever and its successor the same questions, and says what came of it."""

import asyncio
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.errors import Rejected, SternaError
from sterna_core.namespace.feature_extractor import FeatureExtractor
from sterna_core.namespace_migration.benchmark_checks import asks_queries
from sterna_core.namespace_migration.benchmark_options import BenchmarkOptions, Gate
from sterna_core.namespace_migration.benchmark_report import PAIRS_MIN, BenchmarkReport
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_store.store import Space
from sterna_core.retriever.reach import Reach, reach_of
from sterna_core.tasks.namespace_work import BenchmarkRetriever, NamespaceTask
from sterna_executor.namespaces.benchmark.given import given_questions
from sterna_executor.namespaces.benchmark.known_items import READ_MAX, known_items
from sterna_executor.namespaces.benchmark.known_vectors import compare_answers
from sterna_executor.namespaces.benchmark.question import Question, Questions
from sterna_executor.namespaces.benchmark.side import QueryVectors, Side, TextEmbedder
from sterna_executor.namespaces.benchmark.ties import without_ties

_JUDGING: Final = "sterna_executor.namespaces.benchmark.judging"
"""What measures comes with the extra `namespaces`, and is imported when something is measured."""
_AT_ONCE = 200


class Embedders(Protocol):
    """Gives what embeds for a namespace."""

    def of(self, extractors: tuple[FeatureExtractor, ...]) -> TextEmbedder:
        """Give what embeds for a namespace with these extractors."""
        ...


class Spaces(Struct, frozen=True):
    """Both sides, and what became of ids and addresses between them."""

    source: Space
    target: Space
    rewriting: Rewriting


async def benchmark(
    task: NamespaceTask, work: BenchmarkRetriever, spaces: Spaces, embedders: Embedders
) -> BenchmarkReport:
    """Hold a migrated retriever against the old one.

    Exact answers of a copy have to be alike, whatever its gate; raises AnswersDiffer. Where texts
    cannot be asked, or too few, that is all there is for a copy, and nothing is known otherwise.
    """
    options = task.config.benchmark
    is_copy = is_copy_of(task)
    report = BenchmarkReport(
        mode="none",
        gate=gate_of(options, is_copy=is_copy),
        verdict="inconclusive",
        k=options.k_values[0],
        max_drop=options.max_drop,
        confidence=options.confidence,
    )
    if is_copy:
        named = work.retriever.definition.get("collection_ids")
        each = [name for name in _collections(spaces) if not named or name in named]
        searches = await compare_answers(each, spaces.source, spaces.target, spaces.rewriting)
        report = replace(report, mode="known_vectors", searches=searches, alike=searches)
    asked = await _asked(task, work, spaces, embedders, report)
    if is_copy and asked.verdict == "inconclusive":
        return replace(report, verdict="passed", left_out=asked.left_out, reason=asked.reason)
    return asked


def is_copy_of(task: NamespaceTask) -> bool:
    """Tell whether both sides have the same vectors."""
    return task.config.migration_type == "copy"


def gate_of(options: BenchmarkOptions, *, is_copy: bool) -> Gate:
    """Give what decides where nothing was said: a copy has no reason to find less."""
    return options.gate or ("fail" if is_copy else "warn")


async def _asked(
    task: NamespaceTask,
    work: BenchmarkRetriever,
    spaces: Spaces,
    embedders: Embedders,
    report: BenchmarkReport,
) -> BenchmarkReport:
    options = task.config.benchmark
    made = spaces.rewriting.resource(work.retriever)
    old = Side(spaces.source, work.retriever.definition, embedders.of(task.source.extractors))
    new = Side(spaces.target, made.definition, embedders.of(task.target.extractors))
    try:
        reach = reach_of(work.retriever.definition, _collections(spaces))
        await old.check()
        await new.check()
    except Rejected as refused:
        return replace(report, reason=refused.message)
    given = options.queries_of(work.retriever.resource_id)
    if given:
        report = replace(report, mode="given")
        questions = await given_questions(given, spaces.source.documents, reach)
    else:
        report = replace(report, mode="known_item")
        questions = await _known_items(options, work, spaces, reach)
    if not is_copy_of(task):  # a vector of one space means nothing in the other
        questions = questions.only(old.takes_text)
    try:
        vectors = await old.embedded(questions.each), await new.embedded(questions.each)
    except SternaError as failed:
        if asks_queries(task.config):
            raise
        return replace(report, reason=failed.message)
    return await _measured(
        options,
        spaces.rewriting,
        questions,
        (old, new),
        vectors,
        report,
        is_copy=is_copy_of(task),
    )


async def _known_items(
    options: BenchmarkOptions, work: BenchmarkRetriever, spaces: Spaces, reach: Reach
) -> Questions:
    """Give items that came along: of others nobody expects that they are found."""
    most = options.sample_size
    drawn = await known_items(
        spaces.source.documents, reach, work.text_fields, most=READ_MAX, seed=options.seed
    )
    kept: list[Question] = []
    for start in range(0, len(drawn), _AT_ONCE):
        if len(kept) >= most:
            break
        lot = drawn[start : start + _AT_ONCE]
        new_ids = {spaces.rewriting.ids.document(each.query_id): each for each in lot}
        found = await spaces.target.documents.get(list(new_ids))
        there = {each.document_id for each in found}
        kept += [each for new_id, each in new_ids.items() if new_id in there]
    return Questions(tuple(kept[:most]), max(0, min(most, len(drawn)) - len(kept)))


async def _measured(
    options: BenchmarkOptions,
    rewriting: Rewriting,
    questions: Questions,
    sides: tuple[Side, Side],
    vectors: tuple[QueryVectors, QueryVectors],
    report: BenchmarkReport,
    *,
    is_copy: bool,
) -> BenchmarkReport:
    most = max(options.k_values)
    before, after = [
        await side.ask(questions.each, made, most=most)
        for side, made in zip(sides, vectors, strict=True)
    ]
    if is_copy:
        after = without_ties(before, after, rewriting.ids.document)
    sound = [
        each
        for each in questions.each
        if each.query_id in before.rankings or each.query_id in after.rankings
    ]
    left_out = questions.left_out + len(questions.each) - len(sound)
    report = replace(report, left_out=left_out)
    if not sound:
        few = f"Fewer than {PAIRS_MIN} queries could be asked."
        return replace(report, reason=few)
    judging: Any = import_module(_JUDGING)
    judged: BenchmarkReport = await asyncio.to_thread(
        judging.judge,
        report,
        options,
        judging.Judged(before, _grades(sound)),
        judging.Judged(after, _grades(sound, rewriting)),
    )
    return judged


def _grades(
    questions: list[Question], rewriting: Rewriting | None = None
) -> Mapping[str, Mapping[str, int]]:
    return {
        each.query_id: {
            name if rewriting is None else rewriting.ids.document(name): grade
            for name, grade in each.grades.items()
        }
        for each in questions
    }


def _collections(spaces: Spaces) -> tuple[str, ...]:
    known, ids = spaces.rewriting.known, spaces.rewriting.ids.resources
    return tuple(sorted(name for name in ids if known.get(name) == "collection"))
