"""What each extractor finds: nDCG@10 over the whole corpus of definitions, with its speed."""

import argparse
import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from bench import report
from bench.stoppable import stoppable
from msgspec import Struct

from sterna_cli.demo.glosses import Corpus, read_corpus
from sterna_core.extractors.bootstrap import open_extractors
from sterna_core.extractors.embedding import embed
from sterna_core.extractors.extractor import Extractor
from sterna_core.extractors.settings import ExtractorSettings
from sterna_core.extractors.vector import Matrix
from sterna_core.retrieval.quality import mean, ndcg_by_query, rank_exactly

_RESULTS = Path(__file__).parent / "results"
_LADDER = ("hashing@v1", "wordllama@v1", "minilm@v1")
_AT = 10


class Rung(Struct):
    """What one extractor finds, and how fast it is."""

    extractor: str
    dimension: int
    ndcg_at_10: float
    texts_per_second: float
    load_seconds: float


async def _matrix(extractor: Extractor, texts: Sequence[str]) -> Matrix:
    made = await embed(extractor, texts)
    # What has no vector is found by nothing: a row of zeros is as far from everything.
    nothing = np.zeros(extractor.description.output().dimension, dtype=np.float32)
    return np.stack([each if isinstance(each, np.ndarray) else nothing for each in made])


async def _measure(extractor: Extractor, corpus: Corpus, load_seconds: float) -> Rung:
    began = time.monotonic()
    documents = await _matrix(extractor, [each.text for each in corpus.documents])
    seconds = time.monotonic() - began
    queries = await _matrix(extractor, [each.text for each in corpus.queries])
    judgements = {query.id: query.relevant for query in corpus.queries}
    rankings = rank_exactly(
        dict(zip(judgements, queries, strict=True)),
        [each.id for each in corpus.documents],
        documents,
        most=_AT,
    )
    return Rung(
        extractor.description.reference,
        documents.shape[1],
        mean(ndcg_by_query(judgements, rankings, at=_AT)),
        len(documents) / seconds,
        load_seconds,
    )


async def _main(documents: int, queries: int) -> int:
    corpus = read_corpus().part(documents=documents, queries=queries)
    rungs = []
    print("| extractor | dimension | nDCG@10 | texts/s |\n|---|---:|---:|---:|")
    async with open_extractors(ExtractorSettings()) as registry:
        for name in _LADDER:
            began = time.monotonic()
            extractor = await registry.open(*name.split("@"))
            rung = await _measure(extractor, corpus, time.monotonic() - began)
            rungs.append(rung)
            print(
                f"| {rung.extractor} | {rung.dimension} | {rung.ndcg_at_10:.3f} |"
                f" {rung.texts_per_second:,.0f} |"
            )
    conditions: dict[str, object] = {
        "documents": len(corpus.documents),
        "queries": len(corpus.queries),
    }
    print(f"written to {report.write(_RESULTS, 'retrieval-ladder', conditions, rungs)}")
    found = [rung.ndcg_at_10 for rung in rungs]
    return 0 if found == sorted(set(found)) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=6_000)
    parser.add_argument("--queries", type=int, default=500)
    options = parser.parse_args()
    raise SystemExit(asyncio.run(stoppable(_main(options.documents, options.queries))))
