"""A retriever and its successor, asked the same questions on spaces in memory."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from sterna_core.errors import Unreachable
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.namespace.feature_extractor import FeatureExtractor, FeatureOutput
from sterna_core.namespace.feature_uri import FeatureUri
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.benchmark_options import BenchmarkOptions
from sterna_core.namespace_migration.benchmark_report import BenchmarkReport
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.id_map import IdMap
from sterna_core.namespace_migration.place import Place
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.memory import MemoryNamespaceStore
from sterna_core.namespace_store.vector import Vector
from sterna_core.retriever.reach import Reach
from sterna_core.tasks import namespace_work as wk
from sterna_executor.namespaces.benchmark.known_items import known_items, part_of
from sterna_executor.namespaces.benchmark.known_vectors import AnswersDiffer
from sterna_executor.namespaces.benchmark.retriever_benchmark import Spaces, benchmark

DIMENSIONS = 64
DOCUMENTS = 60
GOOD, POOR, GONE = (FeatureUri(name, "v1", "embedding") for name in ("words", "luck", "gone"))
WORDS = [
    "amber",
    "birch",
    "cedar",
    "dune",
    "ember",
    "fjord",
    "grove",
    "heath",
    "inlet",
    "jetty",
    "knoll",
    "lagoon",
    "marsh",
]


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def vector_of(uri: FeatureUri, text: str) -> Vector:
    """Count words, or throw dice: what is near says something, or nothing."""
    values = [0.0] * DIMENSIONS
    for word in text.split() if uri == GOOD else [text]:
        values[_number(word) % DIMENSIONS] += 1.0
    return Vector.of(values)


class Toy(Struct, frozen=True):
    """Embeds for both features; nothing where a text says so, and `gone` is not installed."""

    is_away: bool = False

    def of(self, extractors: tuple[FeatureExtractor, ...]) -> "Toy":
        return self

    async def can_embed(self, feature_uri: str) -> bool:
        return feature_uri != str(GONE)

    async def embed_all(
        self, feature_uri: str, texts: Sequence[Any]
    ) -> list[Vector | RejectedText]:
        if self.is_away:
            raise Unreachable("The embedding service does not answer.")
        uri = GOOD if feature_uri == str(GOOD) else POOR
        return [
            RejectedText("no_features") if text == "nothing" else vector_of(uri, text)
            for text in texts
        ]


def text_of(number: int) -> str:
    return " ".join(
        f"{WORDS[_number(f'{number} {place}') % len(WORDS)]}{_number(f'{place} {number}') % 90}"
        for place in range(10)
    )


class World(Struct):
    """A source, a target, and what is asked for."""

    spaces: Spaces
    task: wk.NamespaceTask
    work: wk.BenchmarkRetriever
    embedders: Toy = Toy()

    async def measure(self, **options: Any) -> BenchmarkReport:
        given = msgspec.convert(options, BenchmarkOptions)
        config = msgspec.structs.replace(self.task.config, benchmark_options=given)
        task = msgspec.structs.replace(self.task, config=config)
        return await benchmark(task, self.work, self.spaces, self.embedders)


async def world(
    old: FeatureUri,
    new: FeatureUri,
    *,
    documents: int = DOCUMENTS,
    definition: dict[str, Any] | None = None,
    without: frozenset[int] = frozenset(),
) -> World:
    """Make a source, and a target with other ids that lacks some of its documents."""
    store = MemoryNamespaceStore()
    source = await store.create("ns_1", (Feature(str(old), DIMENSIONS),))
    target = await store.create("ns_2", (Feature(str(new), DIMENSIONS),))
    rewriting = Rewriting(
        ids=IdMap("ns_1", "ns_2", {"col_1": "col_2", "ret_1": "ret_2"}, False),
        known={"col_1": "collection", "ret_1": "retriever"},
        features={} if old == new else {old: new},
    )
    for number in range(documents):
        name, text = f"doc_{number:03}", text_of(number)
        payload = {"about": {"title": text}, "even": number % 2 == 0}
        vectors = {str(old): vector_of(old, text)}
        await source.documents.upsert([Document(name, "col_1", payload, vectors)])
        if number not in without:
            moved = {str(new): vector_of(new, text)}
            new_id = rewriting.ids.document(name)
            await target.documents.upsert([Document(new_id, "col_2", payload, moved)])
    search = {"stage_type": "feature_search", "config": {"feature_uri": str(old)}}
    retriever = Resource(
        "ret_1", "retriever", definition or {"collection_ids": ["col_1"], "stages": [search]}
    )
    kind = "copy" if old == new else "re_extract"
    work = wk.BenchmarkRetriever(
        retriever=retriever, target_id="ret_2", text_fields={"col_1": ("about", "title")}
    )
    return World(Spaces(source, target, rewriting), _task(work, kind, old, new), work)


def _task(
    work: wk.BenchmarkRetriever, kind: str, old: FeatureUri, new: FeatureUri
) -> wk.NamespaceTask:
    def place(name: str, uri: FeatureUri) -> Place:
        output = FeatureOutput(name="embedding", dimensions=DIMENSIONS)
        made = FeatureExtractor(
            feature_extractor_name=uri.extractor, version="v1", outputs=(output,)
        )
        return Place(namespace_id=name, extractors=(made,))

    return wk.NamespaceTask(
        task_id="tsk_1",
        attempt=1,
        migration_id="nmig_1",
        org_id="org_1",
        epoch=1,
        source=place("ns_1", old),
        target=place("ns_2", new),
        config=msgspec.convert(
            {"migration_type": kind, "source_namespace_id": "ns_1"}, MigrationConfig
        ),
        work=work,
        dispatched_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def queries(*numbers: int) -> list[dict[str, Any]]:
    return [
        {
            "query_id": f"q{number}",
            "query_input": " ".join(text_of(number).split()[:4]),
            "relevant_documents": [f"doc_{number:03}"],
        }
        for number in numbers
    ]


async def test_a_better_extractor_passes_and_a_poorer_one_fails_by_known_items() -> None:
    upward = await (await world(POOR, GOOD)).measure(gate="fail", sample_size=40)
    assert (upward.mode, upward.verdict, upward.queries) == ("known_item", "passed", 40)
    assert upward.before is not None
    assert upward.after is not None
    assert upward.difference is not None
    assert upward.before.metrics["ndcg@10"] + 0.3 < upward.after.metrics["ndcg@10"]
    assert set(upward.after.metrics) == {"ndcg@10", "recall@10", "mrr"}
    assert 0.0 < upward.after.latency_p50_ms <= upward.after.latency_p95_ms
    assert upward.difference.lower > 0.0
    assert not upward.refuses
    downward = await (await world(GOOD, POOR)).measure(gate="fail", sample_size=40)
    assert downward.verdict == "failed"
    assert downward.refuses
    assert downward.worst
    assert all(each.query_id.startswith("doc_") for each in downward.worst)
    losses = [each.after - each.before for each in downward.worst]
    assert losses == sorted(losses)
    assert "nDCG@10 of 40 queries changes by -" in downward.message


async def test_given_queries_are_asked_with_the_ids_that_their_documents_have_in_the_target() -> (
    None
):
    there = await world(POOR, GOOD)
    asked = queries(*range(20))
    unknown = {**asked[0], "query_id": "unknown", "relevant_documents": ["doc_999"]}
    report = await there.measure(queries=[*asked, unknown], k_values=[5, 1])
    assert (report.mode, report.queries, report.left_out, report.k) == ("given", 20, 1, 5)
    assert report.after is not None
    assert report.after.metrics["recall@5"] > 0.9
    others = await there.measure(queries=asked, retriever_ids=["ret_9"])
    assert others.mode == "known_item"


async def test_what_came_along_and_is_not_found_any_more_counts_and_what_was_set_aside_too() -> (
    None
):
    there = await world(GOOD, GOOD, without=frozenset(range(20)))
    report = await there.measure(queries=queries(*range(20)))
    assert report.verdict == "failed"
    items = await there.measure(sample_size=DOCUMENTS)
    assert (items.queries, items.left_out) == (DOCUMENTS - 20, 20)
    fewer = await there.measure(sample_size=DOCUMENTS - 20)
    assert (fewer.queries, fewer.left_out) == (DOCUMENTS - 20, 0)
    assert items.verdict == "passed"


async def test_a_copy_of_some_documents_is_compared_by_those() -> None:
    there = await world(GOOD, GOOD, without=frozenset(range(0, DOCUMENTS, 2)))
    report = await there.measure()
    assert report.searches == report.alike == 20
    target = there.spaces.target.documents
    new_id = there.spaces.rewriting.ids.document("doc_003")
    wrong = Document(new_id, "col_2", {}, {str(GOOD): vector_of(GOOD, "another text")})
    await target.upsert([wrong])
    with pytest.raises(AnswersDiffer):
        await there.measure()


async def test_a_copy_that_is_alike_differs_by_nothing() -> None:
    report = await (await world(GOOD, GOOD)).measure()
    assert (report.gate, report.mode, report.verdict) == ("fail", "known_item", "passed")
    assert report.difference is not None
    assert (report.difference.lower, report.difference.upper) == (0.0, 0.0)
    assert report.searches == report.alike == 20
    assert report.before is not None
    assert report.after is not None
    assert report.before.metrics == report.after.metrics


async def test_a_copy_with_a_vector_that_is_not_the_sources_fails_whatever_its_gate() -> None:
    there = await world(GOOD, GOOD)
    target = there.spaces.target.documents
    new_id = there.spaces.rewriting.ids.document("doc_003")
    vectors = {str(GOOD): vector_of(GOOD, "another text")}
    await target.upsert([Document(new_id, "col_2", {}, vectors)])
    with pytest.raises(AnswersDiffer):
        await there.measure(gate="report")


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        (
            {"collection_ids": ["col_1"], "stages": [{"stage_type": "rerank"}]},
            "Only feature_search",
        ),
        (
            {
                "collection_ids": ["col_1"],
                "stages": [
                    {
                        "stage_type": "feature_search",
                        "config": {"feature_uri": str(GOOD), "query": "always this"},
                    }
                ],
            },
            "takes no input",
        ),
    ],
)
async def test_a_copy_whose_retriever_cannot_be_asked_is_compared_by_its_vectors_and_says_so(
    definition: dict[str, Any], words: str
) -> None:
    report = await (await world(GOOD, GOOD, definition=definition)).measure()
    assert (report.mode, report.verdict) == ("known_vectors", "passed")
    assert report.searches == report.alike > 0
    assert words in (report.reason or "")


async def test_an_extractor_that_is_not_installed_allows_no_conclusion() -> None:
    report = await (await world(GOOD, GONE)).measure(gate="fail")
    assert (report.mode, report.verdict) == ("none", "inconclusive")
    assert str(GONE) in report.message
    assert report.refuses
    copied = await (await world(GONE, GONE)).measure()
    assert (copied.mode, copied.verdict) == ("known_vectors", "passed")


async def test_few_queries_never_pass_silently() -> None:
    few = await (await world(POOR, GOOD)).measure(gate="fail", queries=queries(*range(9)))
    assert (few.verdict, few.queries) == ("inconclusive", 9)
    assert few.refuses
    empty = await (await world(POOR, GOOD, documents=0)).measure(gate="fail")
    assert (empty.verdict, empty.queries, empty.refuses) == ("inconclusive", 0, True)
    copied = await (await world(GOOD, GOOD, documents=5)).measure()
    assert (copied.mode, copied.verdict) == ("known_vectors", "passed")
    assert "fewer than" in (copied.reason or "")


async def test_a_query_without_a_vector_on_both_sides_is_left_out() -> None:
    silent = {**queries(0)[0], "query_id": "silent", "query_input": "nothing"}
    wrong = {**queries(0)[0], "query_id": "wrong", "query_input": {"other": "x"}}
    there = await world(POOR, GOOD)
    report = await there.measure(queries=[*queries(*range(12)), silent, wrong])
    assert (report.queries, report.left_out) == (12, 2)


async def test_a_vector_is_asked_of_a_copy_and_never_of_another_space() -> None:
    numbers = list(vector_of(GOOD, text_of(0)).values())
    asked = [
        {"query_id": f"v{number}", "query_input": {"vector": numbers}, "relevant_documents": [name]}
        for number, name in enumerate(["doc_000"] * 10)
    ]
    copied = await (await world(GOOD, GOOD)).measure(queries=asked)
    assert (copied.mode, copied.queries, copied.verdict) == ("given", 10, "passed")
    anew = await (await world(GOOD, POOR)).measure(queries=[*asked, *queries(*range(12))])
    assert (anew.queries, anew.left_out) == (12, 10)


async def test_a_service_that_is_away_keeps_no_copy_from_its_end_unless_queries_were_asked_for() -> (
    None
):
    there = await world(GOOD, GOOD)
    there.embedders = Toy(is_away=True)
    report = await benchmark(there.task, there.work, there.spaces, there.embedders)
    assert (report.mode, report.verdict) == ("known_vectors", "passed")
    assert report.reason == "The embedding service does not answer."
    with pytest.raises(Unreachable):
        await there.measure(gate="fail")


async def test_the_filters_of_a_retriever_bound_what_it_is_asked_for() -> None:
    config = {"feature_uri": str(GOOD), "query": "{{INPUT.words}}", "filters": {"even": True}}
    definition = {
        "collection_ids": ["col_1"],
        "stages": [{"stage_type": "feature_search", "config": config}],
    }
    there = await world(GOOD, POOR, definition=definition)
    items = await there.measure(sample_size=1_000)
    assert items.queries == DOCUMENTS / 2
    assert items.before is not None
    assert items.before.metrics["recall@10"] > 0.9
    given = await there.measure(queries=queries(*range(30)))
    assert (given.queries, given.left_out) == (15, 15)


async def test_known_items_are_the_same_in_whatever_order_documents_are_read() -> None:
    there = await world(GOOD, GOOD)
    reach = Reach(("col_1",), (), ("query",))
    fields = {"col_1": ("about", "title")}
    shelf = there.spaces.source.documents
    drawn = await known_items(shelf, reach, fields, most=15, seed=1)
    names = {each.query_id for each in drawn}
    everybody = await known_items(shelf, reach, fields, most=DOCUMENTS, seed=1)
    assert drawn == everybody[:15]
    assert names != {f"doc_{number:03}" for number in range(15)}
    other = await known_items(shelf, reach, fields, most=15, seed=2)
    assert {each.query_id for each in other} != names


async def test_of_a_large_collection_documents_from_all_over_it_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sterna_executor.namespaces.benchmark.known_items.READ_MAX", 20)
    monkeypatch.setattr("sterna_executor.namespaces.benchmark.known_items.PAGE_ROWS", 5)
    there = await world(GOOD, GOOD)
    reach = Reach(("col_1",), (), ("query",))
    fields = {"col_1": ("about", "title")}
    shelf = there.spaces.source.documents
    drawn = await known_items(shelf, reach, fields, most=DOCUMENTS, seed=1)
    looked_at = sorted(int(each.query_id.removeprefix("doc_")) for each in drawn)
    assert looked_at == [*range(5), *range(15, 20), *range(30, 35), *range(45, 50)]


def test_a_known_item_is_asked_for_by_words_that_stand_together_in_it() -> None:
    text = "one two three four five six seven eight nine"
    part = part_of(text, "doc_1", 0)
    assert part in text
    assert len(part.split()) == 4
    assert part == part_of(text, "doc_1", 0)
    assert len({part_of(text, f"doc_{number}", 0) for number in range(20)}) > 1
    assert part_of("a short one", "doc_1", 0) == "a short one"
    assert len(part_of("x" * 5_000, "doc_1", 0)) == 200
