"""What can be asked of a namespace."""

from msgspec import Struct

from sterna_core.namespace.feature_extractor import FeatureExtractor
from sterna_core.namespace.resource import Resource, ResourceKind
from sterna_core.namespace.store_place import StorePlace


class Command(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something asked of a namespace."""


class CreateNamespace(Command, frozen=True, kw_only=True, tag="namespace.create.v1"):
    """Make a namespace by a name that was claimed for it; made twice, it is one namespace.

    `by` is who claimed the name, for a timer may send this.
    """

    name: str
    by: str
    description: str = ""
    store: StorePlace = StorePlace()
    feature_extractors: tuple[FeatureExtractor, ...] = ()


class PutResource(Command, frozen=True, kw_only=True, tag="namespace.put_resource.v1"):
    """Keep a definition, in place of the one of this id if there is one."""

    resource: Resource


class RemoveResource(Command, frozen=True, kw_only=True, tag="namespace.remove_resource.v1"):
    """Forget a definition that no other needs."""

    kind: ResourceKind
    resource_id: str


class CheckResources(Command, frozen=True, kw_only=True, tag="namespace.check_resources.v1"):
    """Say whether definitions are as they were put, by their digests; nothing is changed."""

    digests: dict[str, str]


class DeleteNamespace(Command, frozen=True, kw_only=True, tag="namespace.delete.v1"):
    """Forget the namespace; its name is free again soon after."""


class SettleDeletion(Command, frozen=True, kw_only=True, tag="namespace.settle_deletion.v1"):
    """The name was given up (by a timer, after that)."""


AnyCommand = (
    CreateNamespace
    | PutResource
    | RemoveResource
    | CheckResources
    | DeleteNamespace
    | SettleDeletion
)
