"""Executions and interactions, and the objects that they are kept as."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from sterna_core.clock import UtcDatetime
from sterna_core.namespace_store.document import Document
from sterna_core.retriever_history.place import HistoryPlace

InteractionType = Literal["click", "view", "purchase", "feedback"]
RESULTS_MAX: Final = 100
"""Results of one execution that are kept, the nearest of them."""
INPUT_CHARACTERS_MAX: Final = 2_000
"""Of a text that somebody asked, so much is kept."""


class KeptResult(Struct, frozen=True, kw_only=True):
    """What was found, without what it says."""

    document_id: str
    collection_id: str
    score: float


class Execution(Struct, frozen=True, kw_only=True):
    """What a retriever was asked, and what it found; `recorded_at` is when it was written down."""

    execution_id: str
    retriever_id: str
    inputs: dict[str, str | float | bool] = {}
    results: tuple[KeptResult, ...] = ()
    took_milliseconds: Annotated[float, Meta(ge=0)] = 0.0
    recorded_at: UtcDatetime

    def document(self) -> Document:
        """Give the object that it is kept as."""
        return _kept(HistoryPlace("executions", self.retriever_id), self.execution_id, self)


class Interaction(Struct, frozen=True, kw_only=True):
    """What somebody did with a document that was found, and when."""

    interaction_id: str
    retriever_id: str
    document_id: str
    type: InteractionType
    execution_id: str | None = None
    value: float | None = None
    at: UtcDatetime
    recorded_at: UtcDatetime

    def document(self) -> Document:
        """Give the object that it is kept as."""
        return _kept(HistoryPlace("interactions", self.retriever_id), self.interaction_id, self)


def kept_inputs(inputs: dict[str, Any]) -> dict[str, str | float | bool]:
    """Give of what was asked what is kept: texts, cut, and single values; no vectors."""
    return {
        name: value[:INPUT_CHARACTERS_MAX] if isinstance(value, str) else value
        for name, value in inputs.items()
        if isinstance(value, str | int | float | bool)
    }


def execution_of(document: Document) -> Execution:
    """Read an execution back."""
    return msgspec.convert(document.payload, Execution)


def interaction_of(document: Document) -> Interaction:
    """Read an interaction back."""
    return msgspec.convert(document.payload, Interaction)


def _kept(place: HistoryPlace, record_id: str, record: Struct) -> Document:
    payload = msgspec.json.decode(msgspec.json.encode(record))
    return Document(place.object_id(record_id), str(place), payload)
