"""Rows told apart in the bytes of a COPY, whatever they hold and however they are cut."""

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_executor.databases.postgresql.copy_frames import (
    Frame,
    addressed,
    frames_of,
    joined,
)
from sterna_executor.databases.postgresql.pipe import Inlet

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"

fields = st.lists(st.one_of(st.none(), st.binary(max_size=20)), max_size=4)
rows = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 2**16 - 1), fields))


def inlet(copy_format: str, *columns: str) -> Inlet:
    return Inlet(schema="s", table="t", columns=columns, copy_format=copy_format)


def binary_row(values: list[bytes | None]) -> bytes:
    sized = (
        struct.pack(">i", -1) if each is None else struct.pack(">i", len(each)) + each
        for each in values
    )
    return struct.pack(">h", len(values)) + b"".join(sized)


def in_pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[first:last] for first, last in itertools.pairwise(edges)]


def fed(copy_format: str, data: bytes, cuts: list[int]) -> list[Frame]:
    frames = frames_of(copy_format)
    return [frame for piece in in_pieces(data, cuts) for frame in frames.feed(piece)]


@given(rows, st.lists(st.integers(0, 1_000)))
def test_binary_rows_come_apart_and_together_without_their_addresses(
    given_rows: list[tuple[int, int, list[bytes | None]]], cuts: list[int]
) -> None:
    data = HEADER + END
    for page, place, values in reversed(given_rows):
        address = struct.pack(">IH", page, place)
        data = HEADER + binary_row([address, *values]) + data[len(HEADER) :]

    found = fed("binary", data, cuts)

    assert [each.address for each in found] == [f"({page},{at})" for page, at, _ in given_rows]
    plain = HEADER + b"".join(binary_row(values) for *_, values in given_rows) + END
    assert joined(found, inlet("binary", "a")) == plain


lines = st.lists(st.binary(max_size=20).map(lambda each: each.replace(b"\n", b"\\n")))


@given(lines, st.lists(st.integers(0, 1_000)))
def test_lines_come_apart_and_together_with_and_without_their_addresses(
    given_lines: list[bytes], cuts: list[int]
) -> None:
    numbered = [f"({n},{n + 1})\t".encode() + line for n, line in enumerate(given_lines)]
    data = b"".join(line + b"\n" for line in numbered)

    found = fed("text", data, cuts)

    assert [each.address for each in found] == [f"({n},{n + 1})" for n in range(len(given_lines))]
    assert joined(found, inlet("text", "a")) == b"".join(line + b"\n" for line in given_lines)
    assert addressed(found, inlet("text", "address", "a")) == data


@pytest.mark.parametrize("copy_format", ["binary", "text"])
def test_a_copy_without_rows_has_none(copy_format: str) -> None:
    data = HEADER + END if copy_format == "binary" else b""

    assert fed(copy_format, data, [3]) == []


def test_rows_without_a_column_have_their_addresses_alone() -> None:
    found = fed("text", b"(0,1)\n(0,2)\n", [])

    assert addressed(found, inlet("text", "address")) == b"(0,1)\n(0,2)\n"
