"""Rows told apart in the bytes of a COPY whose first column is the address (`ctid`)."""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sterna_core.migration.plan import CopyFormat
from sterna_executor.databases.postgresql.pipe import Inlet

_BINARY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_BINARY_END = b"\xff\xff"
_SHORT = struct.Struct(">h")
_LONG = struct.Struct(">i")
_TID = struct.Struct(">IH")
_ADDRESS_BYTES = _SHORT.size + _LONG.size + _TID.size
_TEXT_ADDRESS = re.compile(rb"\(\d+,\d+\)\t?")


@dataclass(frozen=True, slots=True)
class Frame:
    """One row as COPY has it, without its address, and where it lies on the source."""

    address: str
    data: bytes


class Frames(Protocol):
    """Tells the rows of one COPY apart, however its bytes are cut into pieces."""

    def feed(self, data: bytes | bytearray) -> list[Frame]:
        """Take some bytes and give the rows that they complete."""
        ...


def frames_of(copy_format: CopyFormat) -> Frames:
    """Give what tells the rows of a COPY of this format apart."""
    return BinaryFrames() if copy_format == "binary" else TextFrames()


def joined(frames: Sequence[Frame], inlet: Inlet) -> bytes:
    """Give rows as a whole COPY again, without their addresses."""
    rows = b"".join([frame.data for frame in frames])
    return _BINARY_HEADER + rows + _BINARY_END if inlet.copy_format == "binary" else rows


def addressed(frames: Sequence[Frame], inlet: Inlet) -> bytes:
    """Give rows as a COPY of text again, with their addresses as the first of several columns."""
    between = b"\t" if len(inlet.columns) > 1 else b""
    return b"".join([frame.address.encode() + between + frame.data for frame in frames])


class BinaryFrames:
    """Rows are a number of fields, and each field its length and its bytes."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._begun = False

    def feed(self, data: bytes | bytearray) -> list[Frame]:
        """Take some bytes and give the rows that they complete."""
        self._held += data
        start = 0
        if not self._begun:
            if len(self._held) < len(_BINARY_HEADER):
                return []
            extension = _LONG.unpack_from(self._held, len(_BINARY_HEADER) - _LONG.size)[0]
            start = len(_BINARY_HEADER) + extension
            if len(self._held) < start:
                return []
            self._begun = True
        found = []
        while (end := _end_of_row(self._held, start)) is not None:
            found.append(_binary_frame(self._held, start, end))
            start = end
        del self._held[:start]
        return found


def _end_of_row(held: bytearray, start: int) -> int | None:
    """Say where a row ends that begins somewhere; None where it is not whole, or is the end."""
    size = len(held)
    if start + _SHORT.size > size:
        return None
    at = start + _SHORT.size
    for _ in range(_SHORT.unpack_from(held, start)[0]):
        if at + _LONG.size > size:
            return None
        length = _LONG.unpack_from(held, at)[0]
        at += _LONG.size + max(length, 0)
    return at if start + _SHORT.size < at <= size else None


def _binary_frame(held: bytearray, start: int, end: int) -> Frame:
    fields = _SHORT.unpack_from(held, start)[0]
    page, place = _TID.unpack_from(held, start + _SHORT.size + _LONG.size)
    rest = held[start + _ADDRESS_BYTES : end]
    return Frame(f"({page},{place})", _SHORT.pack(fields - 1) + rest)


class TextFrames:
    """Rows are lines: a line break within a value is written otherwise."""

    def __init__(self) -> None:
        self._held: list[bytes | bytearray] = []

    def feed(self, data: bytes | bytearray) -> list[Frame]:
        """Take some bytes and give the rows that they complete."""
        if b"\n" not in data:
            self._held.append(data)
            return []
        *lines, rest = b"".join([*self._held, data]).split(b"\n")
        self._held = [rest]
        return [_text_frame(line) for line in lines]


def _text_frame(line: bytes) -> Frame:
    found = _TEXT_ADDRESS.match(line)
    assert found is not None, "the first column is the address"
    return Frame(found[0].strip().decode("ascii"), line[found.end() :] + b"\n")
