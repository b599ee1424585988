from msgspec import Struct


class Occurrence(Struct, frozen=True):
    """One event with its place in the journal."""

    org_id: str
    aggregate_id: str
    partition: int
    offset: int
    sequence: int
    """The aggregate's version: the same in every reading of the log."""
    event: Struct
    request_id: str | None = None
    """The request that it follows from."""
