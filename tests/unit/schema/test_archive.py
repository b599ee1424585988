import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_core.errors import InvalidRequest, Misconfigured
from sterna_executor.databases.postgresql.archive import Entry, Section, read_archive
from sterna_executor.databases.postgresql.toc import select_entries


def integer(value: int) -> bytes:
    return struct.pack("<BI", value < 0, abs(value))


def text(value: str | None) -> bytes:
    if value is None:
        return integer(-1)
    return integer(len(value.encode())) + value.encode()


def archive_of(entries: list[Entry], version: int = 16) -> bytes:
    """Write what pg_dump writes, by the description of the format."""
    head = b"PGDMP" + bytes([1, version, 0, 4, 8, 1])
    head += bytes([0]) if version >= 15 else integer(0)
    head += b"".join(integer(0) for _ in range(7))
    head += text("database") + text("18.6") + text("18.6") + integer(len(entries))
    return head + b"".join(_written(entry, version) for entry in entries)


def _written(entry: Entry, version: int) -> bytes:
    parts = [
        integer(entry.dump_id),
        integer(0),
        text(str(entry.catalog_oid)),
        text(str(entry.oid)),
        text(entry.tag),
        text(entry.kind),
        integer(entry.section),
        text(entry.ddl),
        text("DROP it;"),
        text(None),
        text(entry.schema or None),
        text(None),
        text(entry.access_method or None),
        integer(ord(entry.relkind or "\0")) if version >= 16 else b"",
        text("owner"),
        text("false"),
        *(text(str(dependency)) for dependency in entry.depends_on),
        text(None),
        bytes(9),
    ]
    return b"".join(parts)


def entry(dump_id: int, kind: str, tag: str, *depends_on: int, **changed: object) -> Entry:
    given_: dict[str, object] = {
        "dump_id": dump_id,
        "catalog_oid": 1259,
        "oid": 16000 + dump_id,
        "kind": kind,
        "schema": "s",
        "tag": tag,
        "section": Section.PRE_DATA,
        "ddl": f"create {tag};",
        "access_method": "",
        "relkind": "",
        "depends_on": depends_on,
    }
    return Entry(**(given_ | changed))


names = st.text(
    st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=20
)
entries = st.builds(
    Entry,
    dump_id=st.integers(1, 2**31 - 1),
    catalog_oid=st.integers(0, 2**32 - 1),
    oid=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["TABLE", "INDEX", "COMMENT"]),
    schema=names | st.just(""),
    tag=names,
    section=st.sampled_from(Section),
    ddl=st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))),
    access_method=st.sampled_from(["", "heap", "columnar"]),
    relkind=st.sampled_from(["", "r", "p", "m"]),
    depends_on=st.lists(st.integers(1, 2**31 - 1), max_size=4).map(tuple),
)


@given(st.lists(entries, max_size=5))
def test_an_archive_gives_back_every_name_and_statement_exactly(written: list[Entry]) -> None:
    assert read_archive(archive_of(written)) == tuple(written)


@pytest.mark.parametrize("version", [14, 15, 16])
def test_every_version_of_the_format_since_postgresql_12_is_read(version: int) -> None:
    written = [entry(1, "TABLE", "t"), entry(2, "COMMENT", "TABLE t", 1)]

    assert read_archive(archive_of(written, version)) == tuple(written)


@pytest.mark.parametrize("version", [13, 17])
def test_other_versions_are_refused(version: int) -> None:
    with pytest.raises(Misconfigured) as failure:
        read_archive(archive_of([], version))

    assert "pg_bin_dir" in failure.value.message


@given(st.integers(0, 1000))
def test_an_archive_that_is_cut_short_is_refused(kept: int) -> None:
    whole = archive_of([entry(1, "TABLE", "t"), entry(2, "INDEX", "i", 1)])

    with pytest.raises(Misconfigured):
        read_archive(whole[: min(kept, len(whole) - 1)])


@given(st.binary(max_size=200))
def test_something_else_than_an_archive_is_refused(something: bytes) -> None:
    with pytest.raises(Misconfigured):
        read_archive(something)


def test_comments_stand_in_the_section_of_what_they_describe() -> None:
    contents = select_entries(
        [
            entry(1, "TABLE", "t"),
            entry(2, "INDEX", "i", 1, section=Section.POST_DATA),
            entry(3, "COMMENT", "INDEX i", 2, section=Section.NONE),
            entry(4, "COMMENT", "TABLE t", 1, section=Section.NONE),
        ],
        frozenset(),
        frozenset(),
    )

    assert [each.dump_id for each in contents.before] == [1, 4]
    assert [each.dump_id for each in contents.after] == [2, 3]


@pytest.mark.parametrize(
    "kind",
    ["ACL", "DEFAULT ACL", "PUBLICATION", "SUBSCRIPTION", "USER MAPPING", "BLOB", "DATABASE"],
)
def test_rights_replication_and_large_objects_are_never_restored(kind: str) -> None:
    contents = select_entries([entry(1, kind, "x")], frozenset(), frozenset())

    assert contents.before == contents.after == contents.skipped == ()


def test_what_is_left_out_takes_along_what_hangs_on_it_and_says_so() -> None:
    contents = select_entries(
        [
            entry(1, "TABLE", "kept"),
            entry(2, "VIEW", "v"),
            entry(3, "COMMENT", "VIEW v", 2),
            entry(4, "VIEW", "w", 2),
            entry(5, "TRIGGER", "kept t", 1, 2, section=Section.POST_DATA),
        ],
        frozenset({(1259, 16002)}),
        frozenset(),
    )

    assert [each.dump_id for each in contents.before] == [1]
    assert contents.after == ()
    assert contents.skipped == ("view s.v", "view s.w", "trigger s.kept t")


def test_a_selected_table_that_would_be_left_out_is_refused() -> None:
    with pytest.raises(InvalidRequest) as failure:
        select_entries(
            [entry(1, "TYPE", "colour"), entry(2, "TABLE", "painted", 1)],
            frozenset({(1259, 16001)}),
            frozenset(),
        )

    assert failure.value.details == {"tables": ["s.painted"]}


def test_extensions_that_are_not_wanted_stay_away() -> None:
    contents = select_entries(
        [entry(1, "EXTENSION", "a"), entry(2, "EXTENSION", "b"), entry(3, "COMMENT", "b", 2)],
        frozenset(),
        frozenset({"a"}),
    )

    assert [each.tag for each in contents.before] == ["a"]
