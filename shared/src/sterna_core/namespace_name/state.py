"""What a name stands for: one shape each."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.namespace.commands import CreateNamespace


class Stage(Struct, frozen=True, kw_only=True, tag_field="stage"):
    """What a name stands for."""


class Free(Stage, frozen=True, kw_only=True, tag="free"):
    """It stands for nothing."""


class Owned(Stage, frozen=True, kw_only=True, tag="owned"):
    """It is that of a namespace; `making` is there until that was surely made."""

    namespace_id: str
    at: UtcDatetime
    making: CreateNamespace | None = None


class Alias(Stage, frozen=True, kw_only=True, tag="alias"):
    """It leads to a namespace of another name."""

    name: str
    namespace_id: str


State = Free | Owned | Alias
