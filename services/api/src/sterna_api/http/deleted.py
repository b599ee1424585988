from msgspec import Struct


class DeletedBody(Struct, frozen=True):
    """Something is not there any more."""

    id: str
    deleted: bool
