"""The stages of a webhook's life: one shape each."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime


class Stage(Struct, frozen=True, kw_only=True, tag_field="stage"):
    """A stage of a webhook's life."""


class Absent(Stage, frozen=True, kw_only=True, tag="absent"):
    """There is no such webhook."""


class Active(Stage, frozen=True, kw_only=True, tag="active"):
    """Events are sent; `failures` counts those in a row, the first of them at `failing_since`."""

    failures: int = 0
    failing_since: UtcDatetime | None = None


class Disabled(Stage, frozen=True, kw_only=True, tag="disabled"):
    """Nothing is sent."""


class Deleted(Stage, frozen=True, kw_only=True, tag="deleted"):
    """The webhook is gone."""


State = Absent | Active | Disabled | Deleted
