"""Looks for references of the target that lead nowhere."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sterna_core.namespace.dangling import DANGLING_TOLD, Dangling
from sterna_core.namespace.json_path import Path, texts
from sterna_core.namespace_estimate.sample import places
from sterna_core.namespace_migration.references_report import ReferencesReport
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.namespace_store.store import ReadableShelf, Space
from sterna_core.tasks.namespace_work import CheckReferences
from sterna_executor.namespaces.book import Differing
from sterna_executor.namespaces.documents import KeptMap

DOCUMENTS_PER_COLLECTION = 500
_OWN = ("_internal", "_taxonomy_", "cluster_id")
_DOCUMENTS = ("document_id", "document_ids")
_OBJECTS = ("object_id", "object_ids")
_RESOURCES = tuple(
    f"{kind}_{ending}"
    for kind in ("bucket", "collection", "taxonomy", "cluster", "retriever")
    for ending in ("id", "ids")
)


async def check_references(
    work: CheckReferences, target: Space, kept: KeptMap, differing: Differing
) -> ReferencesReport:
    """Give what was found in definitions, and in a sample of the documents of each collection.

    What is told of definitions that somebody has changed since is not told of them any more.
    """
    named = [each for each in work.dangling if each.resource_id not in differing.changed]
    in_definitions = (
        work.dangling_count - (len(work.dangling) - len(named)) + len(differing.missing)
    )
    named += [
        Dangling(kind="target", resource_id=target.name, path=(), names=each)
        for each in differing.missing
    ]
    new_ids = frozenset(kept.ids.values())
    looked = 0
    found = list[Dangling]()
    for old in sorted(name for name, kind in kept.kinds.items() if kind == "collection"):
        async for page in _sampled(target.documents, kept.ids[old]):
            looked += len(page)
            found += await _of_page(page, target, new_ids)
    return ReferencesReport(
        definitions=len(work.digests),
        dangling_in_definitions=in_definitions,
        documents=looked,
        dangling_in_documents=len(found),
        dangling=(*named, *found)[:DANGLING_TOLD],
        changed=differing.changed[:DANGLING_TOLD],
    )


async def _sampled(shelf: ReadableShelf, collection_id: str) -> Any:
    size = await shelf.count(Span(collection_id))
    begins, rows = await places(shelf, collection_id, size, DOCUMENTS_PER_COLLECTION)
    for after in begins:
        page = await shelf.scan(Span(collection_id, after), PageLimit(rows))
        yield page.documents


async def _of_page(
    page: Iterable[Document], target: Space, new_ids: frozenset[str]
) -> list[Dangling]:
    asked = [
        (document, path, text, field)
        for document in page
        for path, text, field in _ids_of(document.payload)
    ]
    documents = await _there(target.documents, (each for each in asked if _is(each[3], _DOCUMENTS)))
    objects = await _there(target.objects, (each for each in asked if _is(each[3], _OBJECTS)))
    return [
        Dangling(kind="document", resource_id=document.document_id, path=path, names=text)
        for document, path, text, field in asked
        if (_is(field, _DOCUMENTS) and text not in documents)
        or (_is(field, _OBJECTS) and text not in objects)
        or (_is(field, _RESOURCES) and text.partition("/")[0] not in new_ids)
    ]


async def _there(shelf: ReadableShelf, asked: Iterable[tuple[Any, Any, str, str]]) -> set[str]:
    wanted = sorted({text for _, _, text, _ in asked})
    return {each.document_id for each in await shelf.get(wanted)}


def _ids_of(payload: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    """Give every text of the fields that the product writes, with the name of its field."""
    for name, value in payload.items():
        if name.startswith(_OWN):
            for path, text in texts({name: value}):
                field = next((step for step in reversed(path) if isinstance(step, str)), "")
                yield path, text, field


def _is(field: str, endings: tuple[str, ...]) -> bool:
    return field.endswith(endings)
