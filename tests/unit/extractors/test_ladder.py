"""On questions with known answers a better extractor finds more: hashing, wordllama, minilm."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from sterna_cli.demo.glosses import Corpus, read_corpus
from sterna_core.extractors.embedding import embed
from sterna_core.extractors.registry import ExtractorRegistry
from sterna_core.extractors.vector import Matrix
from sterna_core.namespace_migration.benchmark_options import BenchmarkOptions
from sterna_core.retrieval.paired import paired_interval
from sterna_core.retrieval.quality import mean, ndcg_by_query, rank_exactly

_DOCUMENTS = 150
_QUERIES = 36
_CLEAR = 0.05
"""Of nDCG@10: what one rung is above the other at least."""
_DROP = BenchmarkOptions().max_drop


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return read_corpus()


async def _matrix(registry: ExtractorRegistry, name: str, texts: Sequence[str]) -> Matrix:
    made = await embed(await registry.open(name), texts)
    return np.stack([each for each in made if isinstance(each, np.ndarray)])


async def test_hashing_finds_less_than_wordllama_and_wordllama_less_than_minilm(
    registry: ExtractorRegistry, corpus: Corpus
):
    part = corpus.part(documents=_DOCUMENTS, queries=_QUERIES)
    judgements = {query.id: query.relevant for query in part.queries}
    found = []
    for name in ("hashing", "wordllama", "minilm"):
        documents = await _matrix(registry, name, [each.text for each in part.documents])
        queries = await _matrix(registry, name, [each.text for each in part.queries])
        rankings = rank_exactly(
            dict(zip(judgements, queries, strict=True)),
            [each.id for each in part.documents],
            documents,
            most=10,
        )
        found.append(ndcg_by_query(judgements, rankings))
    hashing, wordllama, minilm = map(mean, found)
    assert hashing + _CLEAR < wordllama < minilm - _CLEAR
    for lower, higher in pairwise(found):
        upward = [higher[each] - lower[each] for each in judgements]
        assert paired_interval(upward).lower >= -_DROP, "a gate lets the better one pass"
        downward = [-each for each in upward]
        assert paired_interval(downward).lower < -_DROP, "and refuses the way back"


def test_the_corpus_is_large_enough_and_every_judgement_is_about_one_of_its_documents(
    corpus: Corpus,
):
    ids = {document.id for document in corpus.documents}
    assert len(ids) == len(corpus.documents) >= 5_000
    assert len({document.text for document in corpus.documents}) == len(ids)
    assert len({query.id for query in corpus.queries}) == len(corpus.queries) >= 500
    for query in corpus.queries:
        assert query.relevant.keys() <= ids
        assert max(query.relevant.values()) == 3
        assert len(query.relevant) > 1


def test_a_part_of_the_corpus_keeps_what_its_queries_want(corpus: Corpus):
    part = corpus.part(documents=100, queries=10)
    ids = {document.id for document in part.documents}
    assert len(part.documents) == 100
    assert len(part.queries) == 10
    assert all(query.relevant.keys() <= ids for query in part.queries)


def test_a_ranking_in_the_order_of_the_grades_is_worth_one_and_an_empty_one_nothing():
    judgements = {"q": {"a": 3, "b": 1}, "nothing found": {"a": 1}}
    values = ndcg_by_query(judgements, {"q": {"a": 0.9, "b": 0.8, "c": 0.1}, "nothing found": {}})
    assert values == pytest.approx({"q": 1.0, "nothing found": 0.0})
    assert ndcg_by_query(judgements, {"q": {"c": 0.9, "a": 0.8}})["q"] < 1.0
    with pytest.raises(ValueError, match="no query"):
        mean({})
