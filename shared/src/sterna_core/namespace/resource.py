from typing import Any, Literal, get_args

from msgspec import Struct

ResourceKind = Literal["bucket", "collection", "taxonomy", "cluster", "retriever"]
KINDS: tuple[ResourceKind, ...] = get_args(ResourceKind)


class Resource(Struct, frozen=True):
    """A thing in a namespace that has an id and a definition; ids are unique in a namespace.

    The definition is JSON as its owner gave it: what Sterna does not know in it, it keeps.
    """

    resource_id: str
    kind: ResourceKind
    definition: dict[str, Any] = {}
