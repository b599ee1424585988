"""Labels documents of the target anew, page by page."""

from typing import Any

import msgspec
from msgspec import Struct

from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import TaxonomyOptions
from sterna_core.namespace_store.condition import Condition, matches
from sterna_core.namespace_store.content_sum import ContentSum, content_sum
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import Page, PageLimit, Span
from sterna_core.retriever.filters import conditions_of
from sterna_core.tasks.namespace_work import BringTaxonomy, NamespaceTask
from sterna_core.taxonomy.assignment import Match, assigned, is_same_label, label_of
from sterna_core.taxonomy.taxonomy import Taxonomy, taxonomy_of
from sterna_executor.namespaces.benchmark.retriever_benchmark import Spaces
from sterna_executor.namespaces.benchmark.side import TextEmbedder
from sterna_executor.namespaces.copying import DocumentsDiffer
from sterna_executor.namespaces.label_search import LabelSearch
from sterna_executor.namespaces.pages import pages
from sterna_executor.namespaces.tally import Tally

PAGE = PageLimit(rows=200)
"""Documents that are labelled together, and written with one receipt."""


class _Done(Struct, frozen=True, kw_only=True):
    """A page that was written: where it ended, and what became of its documents."""

    last: str | None
    tally: Tally


async def enrich(
    task: NamespaceTask,
    work: BringTaxonomy,
    made: Resource,
    spaces: Spaces,
    embedder: TextEmbedder,
    *,
    page: PageLimit = PAGE,
) -> dict[str, float]:
    """Label every document of every collection; raises DocumentsDiffer, and what stores do.

    `made` is the taxonomy as it is in the target.
    """
    taxonomy = taxonomy_of(made)
    search = LabelSearch(taxonomy, work.retrievers, spaces.target, embedder)
    enriching = _Enriching(task, work, taxonomy, search, spaces, page)
    total = Tally()
    for each in work.applications:
        filters = tuple(conditions_of(raw) for raw in each.filters)
        tally = await enriching.label(each.collection_id, filters)
        await enriching.read_back(each.collection_id, tally)
        total += tally
    return total.figures()


class _Enriching:
    """Carries out one taxonomy.

    Pages are those of the source, whose documents do not change meanwhile: what a document has had
    before is read there, and a page that was begun twice is written as it was the first time.
    """

    def __init__(
        self,
        task: NamespaceTask,
        work: BringTaxonomy,
        taxonomy: Taxonomy,
        search: LabelSearch,
        spaces: Spaces,
        page: PageLimit,
    ) -> None:
        self._limit = page
        self._task = task
        self._work = work
        self._taxonomy = taxonomy
        self._search = search
        self._source, self._target = spaces.source, spaces.target
        self._rewriting = msgspec.structs.replace(spaces.rewriting, keeps_enrichments=True)
        options = task.config.taxonomy_options or TaxonomyOptions()
        self._preserves = options.preserve_enrichment_fields

    async def label(self, collection_id: str, filters: tuple[tuple[Condition, ...], ...]) -> Tally:
        """Label the documents of a collection; what is done already is not done again."""
        total, after = Tally(), None
        while True:
            name = f"taxonomy {self._work.target_id} {collection_id} {after or ''}"
            known = await self._target.receipts.receipt(name)
            if known is None:
                page = await self._source.documents.scan(Span(collection_id, after), self._limit)
                known = await self._page(name, page, filters)
            done = msgspec.convert(known.body, _Done)
            total += done.tally
            after = done.last
            if after is None:
                return total

    async def _page(
        self, name: str, page: Page, filters: tuple[tuple[Condition, ...], ...]
    ) -> Receipt:
        before = {self._rewriting.ids.document(each.document_id): each for each in page.documents}
        there = await self._target.documents.get(tuple(before))
        chosen = [
            any(matches(before[each.document_id].payload, conditions) for conditions in filters)
            for each in there
        ]
        bare = [
            msgspec.structs.replace(each, payload=self._taxonomy.missing_in(each.payload))
            for each in there
        ]
        asking = [each for each, asks in zip(bare, chosen, strict=True) if asks]
        found = iter(await self._search.find(asking))
        written, tally = list[Document](), Tally()
        for document, asks in zip(bare, chosen, strict=True):
            kept = self._rewriting.document(before[document.document_id].payload)
            old = self._held(kept)
            if asks:
                whole = self._labelled(document, next(found), old)
                written.append(whole)
            else:  # it is as it came, and no one has to write it
                came = self._taxonomy.written_in(kept) if self._preserves else {}
                whole = msgspec.structs.replace(document, payload=came)
            new = self._held(whole.payload)
            tally += Tally(
                documents=1,
                labelled_before=int(label_of(old) is not None),
                labelled_after=int(label_of(new) is not None),
                changed=int(not is_same_label(old, new)),
                contents=content_sum([self._reduced(whole)]),
            )
        body = msgspec.to_builtins(_Done(last=page.last, tally=tally))
        receipt = Receipt(name, self._task.epoch, body)
        if await self._target.documents.upsert(written, receipt):
            return receipt
        known = await self._target.receipts.receipt(name)
        if known is None:
            raise DocumentsDiffer("The store refused a page without saying why.")
        return known

    def _labelled(self, bare: Document, found: tuple[Match, ...], old: Any) -> Document:
        kept = old if self._preserves and isinstance(old, dict) else {}
        field = assigned(self._taxonomy, found, kept)
        if field is None:
            return bare
        payload = {**bare.payload, self._taxonomy.field: field}
        return msgspec.structs.replace(bare, payload=payload)

    async def read_back(self, collection_id: str, tally: Tally) -> None:
        """Compare what is there with what was written; raises DocumentsDiffer."""
        found = ContentSum()
        span = Span(self._rewriting.ids.resources[collection_id])
        async for _, page in pages(self._target.documents, span):
            found += content_sum(map(self._reduced, page))
        if found != tally.contents:
            raise DocumentsDiffer(
                f"The labels that {self._work.taxonomy.resource_id} gave to documents of"
                f" {collection_id} are not in the target as they were written.",
                details={"expected": tally.contents.count, "found": found.count},
            )

    def _held(self, payload: dict[str, Any]) -> Any:
        """Give what a document has of this taxonomy, as a rule under one name."""
        written = self._taxonomy.written_in(payload)
        return written.get(self._taxonomy.field, next(iter(written.values()), None))

    def _reduced(self, document: Document) -> Document:
        written = self._taxonomy.written_in(document.payload)
        return Document(document.document_id, document.collection_id, written)
