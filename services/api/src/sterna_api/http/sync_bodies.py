"""What is sent to end a migration that keeps its target up to date."""

from msgspec import Struct


class StopBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to stop: `immediate` gives up the pass at hand for the last one."""

    immediate: bool = False


class StopQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same, as a parameter."""

    immediate: bool = False
