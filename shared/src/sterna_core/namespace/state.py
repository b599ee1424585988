"""The stages of a namespace's life: one shape each."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.namespace.resource import ResourceKind


class Held(Struct, frozen=True, kw_only=True):
    """A resource that is there: what its definition is by digest, and the ids that it needs."""

    kind: ResourceKind
    digest: str
    needs: tuple[str, ...] = ()


class Stage(Struct, frozen=True, kw_only=True, tag_field="stage"):
    """A stage of a namespace's life."""


class Absent(Stage, frozen=True, kw_only=True, tag="absent"):
    """There is no such namespace."""


class Live(Stage, frozen=True, kw_only=True, tag="live"):
    """The namespace can be used."""

    name: str
    resources: dict[str, Held] = {}


class Deleted(Stage, frozen=True, kw_only=True, tag="deleted"):
    """The namespace is gone; at `place` its name is given up, and that is known once `settled`."""

    namespace_id: str
    place: str
    at: UtcDatetime
    settled: bool = False


State = Absent | Live | Deleted
