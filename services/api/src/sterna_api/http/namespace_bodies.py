"""What is sent and answered about namespaces."""

import re
from typing import Annotated, Any

from msgspec import Meta, Struct

from sterna_api.http.connection_bodies import Description
from sterna_api.http.connection_bodies import Name as PartOfName
from sterna_api.http.paging import LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX
from sterna_api.http.problem import InvalidShape, Location, Problem
from sterna_api.http.resource_id import is_id
from sterna_api.projections.namespaces import KnownNamespace, ResourceLine
from sterna_core import ids
from sterna_core.clock import UtcDatetime
from sterna_core.namespace.feature_extractor import FeatureExtractor, Metric, feature_uris
from sterna_core.namespace.feature_uri import parse_feature_uri
from sterna_core.namespace.resource import ResourceKind
from sterna_core.namespace.store_place import StoreType
from sterna_core.namespace_store.adoption import AdoptedFeature, Adoption
from sterna_core.namespace_store.feature import Feature

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z")
_RESERVED = frozenset({"migrations", "aliases"})
NamespaceName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
ExtractorWord = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]
Column = Annotated[str, Meta(max_length=63)]
OutputWord = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_./-]{1,100}$")]


class OutputBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the vectors that an extractor makes."""

    name: OutputWord
    dimensions: Annotated[int, Meta(ge=1, le=16_000)]
    metric: Metric = "cosine"


class FeatureExtractorBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What makes the vectors; of one that is not installed here, the outputs have to be said."""

    feature_extractor_name: ExtractorWord
    version: ExtractorWord | None = None
    parameters: dict[str, Any] | None = None
    outputs: Annotated[list[OutputBody], Meta(min_length=1, max_length=20)] | None = None


class StoreBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the documents are to live; without a connection in Sterna's own PostgreSQL."""

    type: StoreType = "pgvector"
    connection_id: str | None = None


class AdoptBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table or a collection that is there already: it becomes the namespace, and is only read.

    `columns` has the column of vectors, or the name of vectors, for each feature URI. Without
    `id_column` the primary key is the id, without `payload_column` all other columns are the
    payload, and without `collection_column` all documents are of `collection_id`.
    """

    source: Annotated[str, Meta(min_length=1, max_length=200)]
    columns: Annotated[dict[str, Column], Meta(min_length=1, max_length=20)]
    id_column: Column | None = None
    payload_column: Column | None = None
    collection_column: Column | None = None
    collection_id: PartOfName = "adopted"

    def adoption(self, extractors: tuple[FeatureExtractor, ...]) -> Adoption:
        """Give what the store is to adopt; raises InvalidShape where features have no columns."""
        outputs = feature_uris(extractors)
        given = {str(parse_feature_uri(name) or name): each for name, each in self.columns.items()}
        if set(given) != set(outputs):
            msg = "Name a column for each output of the feature extractors, and no other"
            raise InvalidShape([Problem(("body", "adopt", "columns"), msg, "columns_unlike")])
        return Adoption(
            source=self.source,
            features=tuple(
                AdoptedFeature(Feature(uri, each.dimensions, each.metric), given[uri])
                for uri, each in outputs.items()
            ),
            id_column=self.id_column,
            payload_column=self.payload_column,
            collection_column=self.collection_column,
            collection_id=self.collection_id,
        )


class CreateNamespaceBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A namespace to make."""

    name: NamespaceName
    description: Description = ""
    store: StoreBody = StoreBody()
    feature_extractors: Annotated[list[FeatureExtractorBody], Meta(max_length=20)] = []
    adopt: AdoptBody | None = None

    def check(self) -> None:
        """Refuse a name that would be taken for something else; raises InvalidShape."""
        problems = name_problems(self.name, ("body", "name"))
        if self.adopt is not None and self.store.connection_id is None:
            # Sterna's own database holds what is no user's to read.
            msg = "What is adopted lies behind a connection"
            problems.append(Problem(("body", "store", "connection_id"), msg, "connection_needed"))
        if problems:
            raise InvalidShape(problems)


class NamespacesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which namespaces to list; `name` is a part of the name, in any case."""

    name: PartOfName | None = None
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Annotated[int, Meta(ge=0, le=OFFSET_MAX)] = 0


class DeleteNamespaceQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the documents stay in the store, where Sterna does not find them any more."""

    keep_documents: bool = False


class PutResourceBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A definition: what Sterna does not know in it, it keeps."""

    definition: dict[str, Any]


class PointAliasBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an alias is to lead: an id or a name of a namespace."""

    namespace_id: PartOfName


class ShownStore(Struct, frozen=True, kw_only=True):
    """Where the documents live."""

    type: StoreType
    connection_id: str | None


class NamespaceLineBody(Struct, frozen=True, kw_only=True):
    """A namespace in a list."""

    id: str
    name: str
    description: str
    store: ShownStore
    feature_extractors: tuple[FeatureExtractor, ...]
    feature_uris: tuple[str, ...]
    created_at: UtcDatetime
    created_by: str


class NamespaceBody(NamespaceLineBody, frozen=True, kw_only=True):
    """A namespace: how many resources of each kind it has, and which aliases lead to it."""

    resources: dict[str, int]
    aliases: tuple[str, ...]


class ResourceBody(Struct, frozen=True, kw_only=True):
    """A resource of a namespace."""

    id: str
    type: ResourceKind
    namespace_id: str
    definition: dict[str, Any]
    created_at: UtcDatetime
    updated_at: UtcDatetime


def show_namespace_line(known: KnownNamespace) -> NamespaceLineBody:
    """Show a namespace in a list."""
    return NamespaceLineBody(**_fields(known))


def show_namespace(
    known: KnownNamespace, resources: dict[str, int], aliases: tuple[str, ...]
) -> NamespaceBody:
    """Show a namespace."""
    return NamespaceBody(**_fields(known), resources=resources, aliases=aliases)


def show_resource(namespace_id: str, kind: ResourceKind, line: ResourceLine) -> ResourceBody:
    """Show a resource."""
    return ResourceBody(
        id=line.resource_id,
        type=kind,
        namespace_id=namespace_id,
        definition=line.definition,
        created_at=line.created_at,
        updated_at=line.updated_at,
    )


def name_problems(name: str, loc: Location) -> list[Problem]:
    """Give what is wrong with a name of a namespace or an alias."""
    if not _NAME.match(name):
        msg = "A name is 1 to 100 letters, digits, `_`, `.` and `-`, the first a letter or digit"
        return [Problem(loc, msg, "name_invalid")]
    if name in _RESERVED or is_id(ids.VECTOR_NAMESPACE, name):
        return [Problem(loc, "This name would be taken for something else", "name_reserved")]
    return []


def _fields(known: KnownNamespace) -> dict[str, Any]:
    view = known.view
    return {
        "id": known.namespace_id,
        "name": view.name,
        "description": view.description,
        "store": ShownStore(type=view.store.type, connection_id=view.store.connection_id),
        "feature_extractors": view.feature_extractors,
        "feature_uris": tuple(feature_uris(view.feature_extractors)),
        "created_at": view.created_at,
        "created_by": view.created_by,
    }
