"""The stages of an API key's life: one shape each."""

from msgspec import Struct


class Stage(Struct, frozen=True, kw_only=True, tag_field="stage"):
    """A stage of an API key's life."""


class Absent(Stage, frozen=True, kw_only=True, tag="absent"):
    """There is no such key."""


class Valid(Stage, frozen=True, kw_only=True, tag="valid"):
    """The key is accepted until it expires."""


class Revoked(Stage, frozen=True, kw_only=True, tag="revoked"):
    """The key is accepted no more."""


State = Absent | Valid | Revoked
