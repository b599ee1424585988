from msgspec import Struct


class State(Struct, frozen=True, kw_only=True):
    """How often somebody was told of what happened to a migration, or an attempt was made."""

    attempts: int = 0
