"""Where the history of a retriever lies: among the objects of its namespace, in no bucket."""

from typing import Final, Literal, get_args

from msgspec import Struct

HistoryKind = Literal["executions", "interactions"]
KINDS: Final[tuple[HistoryKind, ...]] = get_args(HistoryKind)


class HistoryPlace(Struct, frozen=True):
    """The history of one kind of one retriever.

    The name of a bucket begins with a letter or a digit, and so is never the name of a place.
    """

    kind: HistoryKind
    retriever_id: str

    def __str__(self) -> str:
        return f"_{self.kind}/{self.retriever_id}"

    def object_id(self, record_id: str) -> str:
        """Give the id of the object that a record is kept as."""
        return f"{self}/{record_id}"


def parse_place(text: str) -> HistoryPlace | None:
    """Read a place; None for the name of a bucket or of a collection."""
    for kind in KINDS:
        begin = f"_{kind}/"
        if text.startswith(begin):
            return HistoryPlace(kind, text.removeprefix(begin))
    return None
