from msgspec import Struct

Headers = tuple[tuple[str, bytes], ...]

_FRAMING_BYTES = 64
_HEADER_FRAMING_BYTES = 8


class OutgoingRecord(Struct, frozen=True):
    """A record as it is handed to the log."""

    key: bytes
    value: bytes
    headers: Headers

    def size_bytes(self) -> int:
        """Give an upper bound of the bytes this record takes in a batch."""
        headers = sum(len(name) + len(text) + _HEADER_FRAMING_BYTES for name, text in self.headers)
        return len(self.key) + len(self.value) + headers + _FRAMING_BYTES


class StoredRecord(Struct, frozen=True):
    """A record as it is read from the log."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
