"""What has happened to a namespace. Tags are on the wire for ever and are never edited."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.namespace.feature_extractor import FeatureExtractor
from sterna_core.namespace.resource import Resource, ResourceKind
from sterna_core.namespace.store_place import StorePlace


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something that has happened, and when."""

    at: UtcDatetime


class NamespaceCreated(Event, frozen=True, kw_only=True, tag="namespace.created.v1"):
    """The namespace can be used."""

    name: str
    description: str
    store: StorePlace
    feature_extractors: tuple[FeatureExtractor, ...]
    by: str


class ResourcePut(Event, frozen=True, kw_only=True, tag="namespace.resource_put.v1"):
    """A resource has this definition from now on; `needs` are the ids that it cannot be without."""

    resource: Resource
    digest: str
    needs: tuple[str, ...]
    by: str


class ResourceRemoved(Event, frozen=True, kw_only=True, tag="namespace.resource_removed.v1"):
    """A resource is gone."""

    kind: ResourceKind
    resource_id: str
    by: str


class NamespaceDeleted(Event, frozen=True, kw_only=True, tag="namespace.deleted.v1"):
    """The namespace is gone with all its resources; at `place` its name is to be given up."""

    namespace_id: str
    name: str
    place: str
    by: str


class CreationCameLate(Event, frozen=True, kw_only=True, tag="namespace.creation_came_late.v1"):
    """It was to be made after it was deleted; at `place` the name is to be given up (again)."""

    place: str


class DeletionSettled(Event, frozen=True, kw_only=True, tag="namespace.deletion_settled.v1"):
    """The name of a deleted namespace is free."""


AnyEvent = (
    NamespaceCreated
    | ResourcePut
    | ResourceRemoved
    | NamespaceDeleted
    | CreationCameLate
    | DeletionSettled
)
