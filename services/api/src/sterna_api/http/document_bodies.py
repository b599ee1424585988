"""What is sent and answered about documents of namespaces, and objects of their buckets."""

import base64
import binascii
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from sterna_api.http.paging import LIMIT_DEFAULT, LIMIT_MAX
from sterna_api.http.problem import InvalidShape, Problem
from sterna_core.errors import SternaError
from sterna_core.namespace.feature_uri import parse_feature_uri
from sterna_core.namespace.store_place import StoreType
from sterna_core.namespace_store.condition import Condition, check_condition
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.vector import Vector
from sterna_core.retriever.filters import conditions_of

Id = Annotated[str, Meta(min_length=1, max_length=1_000)]
Numbers = Annotated[list[float], Meta(min_length=1, max_length=16_000)]
RESULTS_MAX = 1_000


class DocumentLineBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of an upload: a document as a whole, with vectors under their feature URIs."""

    document_id: Id
    collection_id: Id
    payload: dict[str, Any] = {}
    vectors: dict[str, Numbers] = {}

    def document(self) -> Document:
        """Give the document; raises InvalidShape for vectors that are none."""
        vectors = {}
        for name, numbers in self.vectors.items():
            uri, loc = parse_feature_uri(name), ("body", "vectors", name[:100])
            if uri is None:
                msg = "Vectors stand under addresses like sterna://extractor@version/output"
                raise InvalidShape([Problem(loc, msg, "feature_uri")])
            if str(uri) in vectors:
                msg = "Another address in this line names the same feature"
                raise InvalidShape([Problem(loc, msg, "repeated")])
            try:
                vectors[str(uri)] = Vector.of(numbers)
            except OverflowError:
                msg = "A number is too large for 32 bits"
                raise InvalidShape([Problem(loc, msg, "not_finite")]) from None
        return Document(self.document_id, self.collection_id, self.payload, vectors)


class ObjectLineBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of an upload: an object of a bucket."""

    object_id: Id
    payload: dict[str, Any] = {}


class PagesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page: `after` is `next` of the page before."""

    after: Annotated[str, Meta(min_length=1, max_length=4_000)] | None = None
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT


class DocumentsQuery(PagesQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which documents to read."""

    collection_id: Id | None = None
    include_vectors: bool = False


class DocumentBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document; its vectors are there where they were asked for."""

    document_id: str
    collection_id: str
    payload: dict[str, Any]
    vectors: dict[str, list[float]] | None = None


class ObjectBody(Struct, frozen=True, kw_only=True):
    """An object of a bucket."""

    object_id: str
    bucket_id: str
    payload: dict[str, Any]


class DocumentsBody(Struct, frozen=True, kw_only=True):
    """A page of documents; `next` is null behind the last."""

    data: list[DocumentBody]
    next: str | None


class ObjectsBody(Struct, frozen=True, kw_only=True):
    """A page of objects; `next` is null behind the last."""

    data: list[ObjectBody]
    next: str | None


class ExecuteBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to ask a retriever: `filters` and `limit` narrow what its definition says.

    With `record` it is written down what was asked and found.
    """

    inputs: dict[str, Any] = {}
    filters: Any = None
    limit: Annotated[int, Meta(ge=1, le=RESULTS_MAX)] | None = None
    exact: bool = False
    record: bool = False

    def conditions(self) -> tuple[Condition, ...]:
        """Give what documents have to be like; raises InvalidShape for what says nothing."""
        try:
            found = conditions_of(self.filters)
            for each in found:
                check_condition(each)
        except SternaError as error:
            loc = ("body", "filters")
            raise InvalidShape([Problem(loc, error.message, error.code)]) from None
        return found


class ResultBody(Struct, frozen=True, kw_only=True):
    """A document that was found: the greater the score the nearer."""

    document_id: str
    collection_id: str
    score: float
    payload: dict[str, Any]


class ExecutedBody(Struct, frozen=True, kw_only=True):
    """What a retriever has found, the nearest first; `execution_id` where it was recorded."""

    namespace_id: str
    retriever_id: str
    results: list[ResultBody]
    took_milliseconds: float
    execution_id: str | None = None


def show_document(document: Document, *, with_vectors: bool) -> DocumentBody:
    """Show a document."""
    vectors = {uri: list(each.values()) for uri, each in document.vectors.items()}
    return DocumentBody(
        document_id=document.document_id,
        collection_id=document.collection_id,
        payload=document.payload,
        vectors=vectors if with_vectors else None,
    )


def show_object(document: Document) -> ObjectBody:
    """Show an object."""
    return ObjectBody(
        object_id=document.document_id,
        bucket_id=document.collection_id,
        payload=document.payload,
    )


def show_position(position: str | None) -> str | None:
    """Write a store's position so that nobody takes it for an id."""
    return base64.urlsafe_b64encode(position.encode()).decode() if position is not None else None


def read_position(text: str | None, store: StoreType) -> str | None:
    """Read a position that was given; raises InvalidShape for what none of this store is."""
    if text is None:
        return None
    try:
        position = base64.b64decode(text, altchars=b"-_", validate=True).decode()
        if store == "qdrant" and not position.isdecimal():
            UUID(position)
    except (ValueError, binascii.Error):
        position = "\0"
    if "\0" in position:
        msg = "Give `next` of the page before"
        raise InvalidShape([Problem(("query", "after"), msg, "position_invalid")])
    return position
