"""What can be asked of a name."""

from msgspec import Struct

from sterna_core.namespace.commands import CreateNamespace


class Command(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something asked of a name."""


class ClaimName(Command, frozen=True, kw_only=True, tag="namespace_name.claim.v1"):
    """Let the name be that of a namespace, and make it: whoever claims may be gone before."""

    namespace_id: str
    namespace: CreateNamespace


class ReleaseName(Command, frozen=True, kw_only=True, tag="namespace_name.release.v1"):
    """A namespace is gone, and its name is free; nothing where it is another's."""

    namespace_id: str


class PointAlias(Command, frozen=True, kw_only=True, tag="namespace_name.point_alias.v1"):
    """Lead the name to a namespace that has another name, in one step for every reader.

    With `only_from` only where it leads there now; where it leads elsewhere nothing is changed.
    """

    name: str
    namespace_id: str
    only_from: str | None = None


class ReleaseAlias(Command, frozen=True, kw_only=True, tag="namespace_name.release_alias.v1"):
    """Lead the name nowhere."""


class SettleName(Command, frozen=True, kw_only=True, tag="namespace_name.settle.v1"):
    """The namespace was made (by a timer, after that)."""

    namespace_id: str


AnyCommand = ClaimName | ReleaseName | PointAlias | ReleaseAlias | SettleName
