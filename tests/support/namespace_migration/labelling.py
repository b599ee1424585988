"""A source with labels and things, and a target of which the things are labelled."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from sterna_core.errors import Transient
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import MigrationConfig, TaxonomyOptions
from sterna_core.namespace_migration.graph import kinds_of
from sterna_core.namespace_migration.id_map import id_map
from sterna_core.namespace_migration.place import Place
from sterna_core.namespace_migration.relabelling import applied, bring_taxonomy
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.memory import MemoryNamespaceStore
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import EVERYTHING, FULL_PAGE, Page, PageLimit, Span
from sterna_core.namespace_store.store import NamespaceStore, Shelf
from sterna_core.namespace_store.vector import Vector
from sterna_core.tasks import namespace_work as wk
from sterna_executor.namespaces.benchmark.retriever_benchmark import Spaces
from sterna_executor.namespaces.documents import copied
from sterna_executor.namespaces.enriching import enrich

WORDS = Feature("sterna://words@v1/embedding", 2)
LETTERS = {"owl": (1.0, 0.0), "gull": (0.0, 1.0), "auk": (0.0, -1.0)}
SEARCH = {"stage_type": "feature_search", "config": {"feature_uri": WORDS.uri}}
SMALL = PageLimit(rows=4)
THINGS = 17


class Toy:
    """Embeds the names of birds, and nothing else."""

    def __init__(self, *, installed: bool = True) -> None:
        self.installed = installed
        self.asked: list[str] = []

    async def can_embed(self, feature_uri: str) -> bool:
        return self.installed

    async def embed_all(
        self, feature_uri: str, texts: Sequence[Any]
    ) -> list[Vector | RejectedText]:
        self.asked += texts
        return [
            Vector.of(LETTERS[text]) if text in LETTERS else RejectedText("no_features")
            for text in texts
        ]


class Broken(Shelf):
    """A shelf whose writer dies at one of its writes: before it, behind it, or amid it."""

    def __init__(self, shelf: Shelf, dies_at: int, how: str) -> None:
        self._shelf = shelf
        self._left = dies_at
        self._how = how

    async def upsert(self, documents: Sequence[Document], receipt: Receipt | None = None) -> bool:
        self._left -= 1
        if self._left >= 0:
            return await self._shelf.upsert(documents, receipt)
        if self._how == "behind":
            await self._shelf.upsert(documents, receipt)
        if self._how == "amid":  # as a store without transactions does it
            await self._shelf.upsert(documents[: len(documents) // 2 + 1])
        raise Transient("The writer is gone.")

    async def get(self, ids: Sequence[str]) -> tuple[Document, ...]:
        return await self._shelf.get(ids)

    async def scan(self, span: Span = EVERYTHING, limit: PageLimit = FULL_PAGE) -> Page:
        return await self._shelf.scan(span, limit)


def thing(number: int) -> Document:
    """Give a document that lies near one of the labels, or has nothing to ask with."""
    vector = [(1.0, 0.1), (0.1, 1.0), (-1.0, 0.0), None][number % 4]
    payload: dict[str, Any] = {"number": number, "title": ["owl", "gull", "", "what"][number % 4]}
    if number % 3:
        payload["_taxonomy_kind"] = {
            "taxonomy_id": "tax_1",
            "label": "owl",
            "document_id": "owl",
            "fields": {"tags": [f"old {number}"], "sound": "?"},
        }
    vectors = {} if vector is None else {WORDS.uri: Vector.of(vector)}
    return Document(f"doc_{number:02}", "col_things", payload, vectors)


def resources(**taxonomy: Any) -> tuple[Resource, ...]:
    applied = {"taxonomy_id": "tax_1", **taxonomy.pop("application", {})}
    definition = {
        "taxonomy_name": "kind",
        "retriever_id": "ret_1",
        "source_collection": {
            "collection_id": "col_birds",
            "enrichment_fields": [
                {"field_path": "sound"},
                {"field_path": "tags", "merge_mode": "append"},
            ],
        },
        **taxonomy,
    }
    return (
        Resource("col_birds", "collection"),
        Resource("col_things", "collection", {"taxonomy_applications": [applied]}),
        Resource("ret_1", "retriever", {"collection_ids": ["col_things"], "stages": [SEARCH]}),
        Resource("tax_1", "taxonomy", definition),
    )


class World:
    """A source, and a target as it is behind the stage of batches."""

    def __init__(self, going: tuple[Resource, ...], **options: Any) -> None:
        given_ = TaxonomyOptions(re_run_enrichment=True, **options)
        self.config = MigrationConfig(
            migration_type="copy", source_namespace_id="ns_1", taxonomy_options=given_
        )
        self.rewriting = Rewriting(
            ids=id_map(self.config, going, "ns_2"),
            known=kinds_of(going),
            keeps_enrichments=given_.preserve_enrichment_fields,
        )
        self.work = bring_taxonomy(
            self.config, going, self.rewriting, going[-1], applied(self.config, going)
        )
        self.embedder = Toy()

    async def fill(self, store: NamespaceStore | None = None) -> "World":
        """Make both sides, in memory if nothing else is said."""
        store = store or MemoryNamespaceStore()
        source = await store.create("ns_1", (WORDS,))
        labels = [
            Document(
                name,
                "col_birds",
                {"name": name, "sound": f"{name}!", "tags": [name]},
                {WORDS.uri: Vector.of(vector)},
            )
            for name, vector in LETTERS.items()
        ]
        documents = [*labels, *map(thing, range(THINGS))]
        await source.documents.upsert(documents)
        target = await store.create("ns_2", (WORDS,))
        moved = [copied(each, self.rewriting, "collection") for each in documents]
        await target.documents.upsert(moved)
        self.spaces = Spaces(source, target, self.rewriting)
        return self

    async def label(self, *, broken: tuple[int, str] | None = None) -> dict[str, float]:
        spaces = self.spaces
        if broken is not None:
            shelf = Broken(spaces.target.documents, *broken)
            target = type(spaces.target)(
                name=spaces.target.name,
                features=spaces.target.features,
                documents=shelf,
                objects=spaces.target.objects,
                vectors=spaces.target.vectors,
                receipts=spaces.target.receipts,
            )
            spaces = msgspec.structs.replace(spaces, target=target)
        task = wk.NamespaceTask(
            task_id="tsk_1",
            attempt=1,
            migration_id="nmig_1",
            org_id="org_1",
            epoch=1,
            source=Place(namespace_id="ns_1"),
            target=Place(namespace_id="ns_2"),
            config=self.config,
            work=self.work,
            dispatched_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        assert self.work.made is not None
        return await enrich(task, self.work, self.work.made, spaces, self.embedder, page=SMALL)

    async def documents(self) -> dict[int, dict[str, Any]]:
        """Give the payloads of things in the target by their numbers."""
        span = Span(self.rewriting.ids.resources["col_things"])
        page = await self.spaces.target.documents.scan(span)
        return {each.payload["number"]: each.payload for each in page.documents}
