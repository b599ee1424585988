"""The stages of a webhook's life: one shape each."""

from msgspec import Struct


class Stage(Struct, frozen=True, kw_only=True, tag_field="stage"):
    """A stage of a webhook's life."""


class Absent(Stage, frozen=True, kw_only=True, tag="absent"):
    """There is no such webhook."""


class Active(Stage, frozen=True, kw_only=True, tag="active"):
    """Events are sent."""


class Disabled(Stage, frozen=True, kw_only=True, tag="disabled"):
    """The receiver is gone; nothing is sent."""


class Deleted(Stage, frozen=True, kw_only=True, tag="deleted"):
    """The webhook is gone."""


State = Absent | Active | Disabled | Deleted
