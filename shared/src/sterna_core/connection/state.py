"""The stages of a connection's life: one shape each."""

from msgspec import Struct


class Stage(Struct, frozen=True, kw_only=True, tag_field="stage"):
    """A stage of a connection's life."""


class Absent(Stage, frozen=True, kw_only=True, tag="absent"):
    """There is no such connection."""


class Live(Stage, frozen=True, kw_only=True, tag="live"):
    """The connection can be used; `revision` counts where it has led to."""

    name: str
    revision: int = 0


class Deleted(Stage, frozen=True, kw_only=True, tag="deleted"):
    """The connection is gone."""


State = Absent | Live | Deleted
