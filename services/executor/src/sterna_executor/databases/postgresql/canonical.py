"""One hash of 64 bits for one value, the same on both sides when the same is stored.

What is stored differently has another hash: 1.0 and 1.00, or a day and 24 hours, are equal by `=`
and are not equal here. (-0 and 0 are one value, as are all ways to write NaN.) The servers' own
hashes of some types are too weak for that: they are hashed as the bytes that they are sent as.
"""

from dataclasses import dataclass
from hashlib import sha256
from itertools import starmap
from typing import Literal

Canon = Literal["value", "text"]
"""By value: the servers hash each column. By text: MD5 of what a row is written as, for servers
whose hashes do not agree (of machines with another order of bytes)."""

_HASHED = {
    "int2": "hashint2extended",
    "int4": "hashint4extended",
    "oid": "hashoidextended",
    "float4": "hashfloat4extended",
    "float8": "hashfloat8extended",
    "text": "hashtextextended",
    "varchar": "hashtextextended",
    "bpchar": "hashbpcharextended",
    "uuid": "uuid_hash_extended",
    "inet": "hashinetextended",
    "cidr": "hashinetextended",
    "macaddr": "hashmacaddrextended",
    "macaddr8": "hashmacaddr8extended",
}
"""Built-in types whose own hash has all 64 bits and tells every value from every other."""

_SENT = {
    "date": "date_send",
    "timestamp": "timestamp_send",
    "timestamptz": "timestamptz_send",
    "time": "time_send",
    "timetz": "timetz_send",
    "interval": "interval_send",
    "numeric": "numeric_send",  # its hash is one for NaN and the infinities
    "pg_lsn": "pg_lsn_send",
    "money": "cash_send",
    "bit": "bit_send",
    "varbit": "varbit_send",
    "point": "point_send",
    "line": "line_send",
    "lseg": "lseg_send",
    "box": "box_send",
    "path": "path_send",
    "polygon": "poly_send",
    "circle": "circle_send",
    "tsvector": "tsvectorsend",
}
"""Built-in types that are hashed as the bytes that they are sent as."""

_RANGES = frozenset(["int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"])
_WHOLE_IN_BYTES = frozenset([*_HASHED, *_SENT, "bool", "int8", "bytea", "name", "char"])
_COLLATED = frozenset(["text", "varchar", "bpchar"])
_FLOATS = {"float4": "float4send", "float8": "float8send"}

_BYTES_HASH_SINCE = 18
_RECORD_HASH_SINCE = 14


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A column's type, resolved through domains; `declared` has its modifiers."""

    name: str
    builtin: bool
    declared: str | None


@dataclass(frozen=True, slots=True)
class Hashing:
    """How one side hashes: by which canon, and with the functions that its server has.

    `oldest_major` is that of the older of both sides. Text is hashed as the bytes that are stored,
    or as UTF-8 where the sides store it in different encodings.
    """

    canon: Canon
    server_major: int
    oldest_major: int
    same_encoding: bool = True

    def of_row(self, values: list[tuple[str, ColumnType]]) -> str:
        """Give the hash of some values, in their order; rows without any are all alike."""
        if not values:
            return "0::pg_catalog.int8"
        if self.canon == "text":
            written = ", ".join(starmap(written_as, values))
            text = f"row({written})::pg_catalog.text"
            digest = f"pg_catalog.md5({text if self.same_encoding else _as_utf8(text)})"
            return (
                f"('x' || pg_catalog.substr({digest}, 1, 16))::pg_catalog.bit(64)::pg_catalog.int8"
            )
        return " # ".join(
            f"coalesce({self._of_value(value, kept, seed)}, {_null(seed)})"
            for seed, (value, kept) in enumerate(values, 1)
        )

    def _of_value(self, value: str, kept: ColumnType, seed: int) -> str:
        name = kept.name if kept.builtin else ""
        if name == "int8":
            # Its own hash folds it to 32 bits: alone it would not tell 0 from 2 ** 32 + 1.
            upper = f"pg_catalog.hashint4extended((({value}) >> 32)::pg_catalog.int4, {-seed})"
            return f"pg_catalog.hashint8extended({value}, {seed}) # {upper}"
        if name == "bool":
            return f"pg_catalog.hashint4extended(({value})::pg_catalog.int4, {seed})"
        if name in _COLLATED and not self.same_encoding:
            return self._of_bytes(_as_utf8(value), seed)
        if name in _HASHED:
            collation = ' collate "C"' if name in _COLLATED else ""
            return f"pg_catalog.{_HASHED[name]}({value}{collation}, {seed})"
        if name == "bytea":
            return self._of_bytes(value, seed)
        send = _SENT.get(name)
        if name in _RANGES:
            send = "range_send"
        elif name.startswith("_") and name[1:] in _WHOLE_IN_BYTES:
            send = "array_send"
        if send is not None:
            return self._of_bytes(f"pg_catalog.{send}({value})", seed)
        if self.same_encoding:
            return f"pg_catalog.hashtextextended({_as_text(value)}, {seed})"
        return self._of_bytes(_as_utf8(value), seed)

    def _of_bytes(self, value: str, seed: int) -> str:
        if self.oldest_major < _RECORD_HASH_SINCE:
            text = f"""pg_catalog.encode({value}, 'hex') collate "C\""""
            return f"pg_catalog.hashtextextended({text}, {seed})"
        if (
            self.server_major < _BYTES_HASH_SINCE
        ):  # the hash of a record of one value is that value's
            return (
                f"case when ({value}) is not null"
                f" then pg_catalog.hash_record_extended(row({value}), {seed}) end"
            )
        return f"pg_catalog.hashbyteaextended({value}, {seed})"


def written_as(value: str, kept: ColumnType) -> str:
    """Give the text of a value that is the same whatever the version of the server."""
    # How many digits a float is written with depends on the version; its bytes do not.
    send = _FLOATS.get(kept.name) if kept.builtin else None
    return f"pg_catalog.{send}({value})" if send else _as_text(value)


def _as_text(value: str) -> str:
    # Enums and the `reg` types are numbers that mean something in one database only; composites,
    # and arrays of such, contain them; json and others have neither hash nor bytes.
    return f'({value})::pg_catalog.text collate "C"'


def _as_utf8(value: str) -> str:
    return f"pg_catalog.convert_to(({value})::pg_catalog.text, 'UTF8')"


def _null(seed: int) -> int:
    """Give what stands for a null in a place; no hash of a value is likely to be the same."""
    return int.from_bytes(sha256(f"null {seed}".encode()).digest()[:8], signed=True)
