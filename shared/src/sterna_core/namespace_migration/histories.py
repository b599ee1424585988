"""Which histories of retrievers go along, and how their ids are rewritten."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from sterna_core.namespace.input_text import input_path
from sterna_core.namespace.resource import Resource, ResourceKind
from sterna_core.namespace_migration.config import MigrationConfig, RetrieverOptions
from sterna_core.namespace_migration.id_map import IdMap
from sterna_core.namespace_store.document import Document
from sterna_core.retriever_history.place import HistoryKind, HistoryPlace, parse_place
from sterna_core.retriever_history.record import execution_of, interaction_of


def histories(config: MigrationConfig, resources: Iterable[Resource]) -> tuple[str, ...]:
    """Name the histories that go along."""
    options = config.retriever_options or RetrieverOptions()
    asked: dict[HistoryKind, bool] = {
        "executions": options.migrate_execution_history,
        "interactions": options.migrate_interactions,
    }
    return tuple(
        str(HistoryPlace(kind, each.resource_id))
        for each in resources
        if each.kind == "retriever"
        for kind, goes in asked.items()
        if goes
    )


def shelf_kind(resources: Mapping[str, Resource], name: str) -> ResourceKind:
    """Give the kind of what a shelf's documents belong to: histories are those of retrievers."""
    return resources[name].kind if name in resources else "retriever"


def text_path(resources: Mapping[str, Resource], name: str) -> tuple[str, ...]:
    """Give where the texts of documents are; records have none."""
    return input_path(resources[name].definition if name in resources else {})


def new_id_of(name: str, ids: dict[str, str]) -> str:
    """Give the name in the target of a collection, a bucket or a history."""
    place = parse_place(name)
    if place is None:
        return ids[name]
    return str(HistoryPlace(place.kind, ids[place.retriever_id]))


def copied_record(document: Document, ids: IdMap) -> Document:
    """Give a record as it is in the target: with its own new id, and those of what it names."""
    place = parse_place(document.collection_id)
    assert place is not None
    retriever_id = ids.resources[place.retriever_id]
    if place.kind == "interactions":
        interaction = interaction_of(document)
        changed = {
            "interaction_id": ids.document(interaction.interaction_id),
            "document_id": ids.document(interaction.document_id),
            "execution_id": _renamed(interaction.execution_id, ids),
        }
        return replace(interaction, retriever_id=retriever_id, **changed).document()
    execution = execution_of(document)
    results: tuple[Any, ...] = tuple(
        replace(
            each,
            document_id=ids.document(each.document_id),
            collection_id=ids.text(each.collection_id),
        )
        for each in execution.results
    )
    return replace(
        execution,
        execution_id=ids.document(execution.execution_id),
        retriever_id=retriever_id,
        results=results,
    ).document()


def _renamed(execution_id: str | None, ids: IdMap) -> str | None:
    return None if execution_id is None else ids.document(execution_id)
