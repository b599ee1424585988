"""The table of contents of a pg_dump archive, read where pg_restore would read it.

Each entry of an archive in the custom format holds its exact DDL, its names and what it depends
on. Reading them here takes one pass over the bytes, where `pg_restore --use-list` takes a process
for each entry, and the listing of pg_restore replaces the characters of names that hurt a list.
The format is the one of `pg_backup_archiver.c`; versions that were never read are refused.
"""

from enum import IntEnum

from msgspec import Struct

from sterna_core.errors import Misconfigured

_MAGIC = b"PGDMP"
_CUSTOM_FORMAT = 1
_FIRST_VERSION = (1, 14)
_COMPRESSION_NAMED_SINCE = (1, 15)
_RELKIND_SINCE = (1, 16)
_LAST_VERSION = (1, 16)


class Section(IntEnum):
    """Where an entry stands in a restore; comments stand with what they describe."""

    NONE = 1
    PRE_DATA = 2
    DATA = 3
    POST_DATA = 4


class Entry(Struct, frozen=True, kw_only=True):
    """One entry: an object, or something that belongs to an object.

    `catalog_oid` and `oid` are the object's address in the database that was dumped; both are 0
    where there is none. `depends_on` holds `dump_id`s.
    """

    dump_id: int
    catalog_oid: int
    oid: int
    kind: str
    schema: str
    tag: str
    section: Section
    ddl: str
    access_method: str
    relkind: str
    depends_on: tuple[int, ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.schema}.{self.tag}" if self.schema else self.tag


def read_archive(archive: bytes) -> tuple[Entry, ...]:
    """Read the entries in the order in which they have to be restored.

    Raises Misconfigured where the archive was written by a pg_dump of an unknown format.
    """
    reader = _Reader(archive)
    version = reader.head()
    return tuple(_entry(reader, version) for _ in range(reader.integer()))


class _Reader:
    def __init__(self, archive: bytes) -> None:
        self._archive = archive
        self._at = 0
        self._integer_bytes = 4
        self._offset_bytes = 8

    def head(self) -> tuple[int, int]:
        if self._take(len(_MAGIC)) != _MAGIC:
            raise Misconfigured("pg_dump wrote something that is not an archive; check pg_bin_dir")
        version = (self._byte(), self._byte())
        self._take(1)  # the revision changes nothing in the format
        if not _FIRST_VERSION <= version <= _LAST_VERSION:
            raise Misconfigured(
                f"pg_dump wrote an archive of version {version[0]}.{version[1]}, which this "
                "release cannot read; point pg_bin_dir to the pg_dump of PostgreSQL 12 to 18"
            )
        self._integer_bytes = self._byte()
        self._offset_bytes = self._byte()
        if self._byte() != _CUSTOM_FORMAT:
            raise Misconfigured("pg_dump did not write the custom format; check pg_bin_dir")
        if version >= _COMPRESSION_NAMED_SINCE:
            self._take(1)
        else:
            self.integer()
        for _ in ("second", "minute", "hour", "day", "month", "year", "daylight saving"):
            self.integer()
        for _ in ("database", "server version", "pg_dump version"):
            self.text()
        return version

    def integer(self) -> int:
        negative = self._byte() != 0
        value = int.from_bytes(self._take(self._integer_bytes), "little")
        return -value if negative else value

    def text(self) -> str | None:
        length = self.integer()
        return None if length < 0 else self._take(length).decode()

    def offset(self) -> None:
        self._take(1 + self._offset_bytes)

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, count: int) -> bytes:
        piece = self._archive[self._at : self._at + count]
        if len(piece) != count:
            raise Misconfigured("pg_dump wrote an archive that is cut short")
        self._at += count
        return piece


def _entry(reader: _Reader, version: tuple[int, int]) -> Entry:
    dump_id = reader.integer()
    reader.integer()  # whether there are rows
    catalog_oid, oid = int(reader.text() or 0), int(reader.text() or 0)
    tag, kind = reader.text() or "", reader.text() or ""
    section = Section(reader.integer())
    ddl = reader.text() or ""
    reader.text()  # how to drop it: by name, where the ledger knows its address
    reader.text()  # how to copy it
    schema = reader.text() or ""
    reader.text()  # tablespace
    access_method = reader.text() or ""
    relkind = chr(reader.integer()) if version >= _RELKIND_SINCE else ""
    reader.text()  # owner
    reader.text()  # with oids
    depends_on = []
    while (dependency := reader.text()) is not None:
        depends_on.append(int(dependency))
    reader.offset()
    return Entry(
        dump_id=dump_id,
        catalog_oid=catalog_oid,
        oid=oid,
        kind=kind,
        schema=schema,
        tag=tag,
        section=section,
        ddl=ddl,
        access_method=access_method,
        relkind=relkind.strip("\0"),
        depends_on=tuple(depends_on),
    )
