from msgspec import Struct


class Batch(Struct, frozen=True, kw_only=True, array_like=True):
    """Documents of a collection by their ids: above `after`, up to and with `until`.

    None is the beginning, and the end; `expected` is how many there were when it was planned.
    """

    after: str | None
    until: str | None
    expected: int


class Poison(Struct, frozen=True, kw_only=True):
    """A document that could not be moved, and why; never its contents."""

    document_id: str
    code: str
    reason: str
