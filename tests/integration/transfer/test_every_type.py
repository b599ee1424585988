from contextlib import suppress
from pathlib import Path

import asyncpg
import msgspec
import pytest

from sterna_core.migration.plan import CopyFormat
from sterna_core.postgres.identifiers import quote
from sterna_executor.databases.postgresql.bucket_sums import Sums
from sterna_executor.databases.postgresql.canonical import Hashing
from sterna_executor.databases.postgresql.comparable import BothHashings, comparable
from sterna_executor.databases.postgresql.connection import server_major
from sterna_executor.databases.postgresql.page_range import WHOLE
from sterna_executor.databases.postgresql.scan import scan_pages
from sterna_executor.databases.postgresql.snapshot import read_under
from support.transfer.moving import Moving

HERE = Path(__file__).parent
BITS = 10


@pytest.fixture
async def filled(moving: Moving) -> Moving:
    await moving.both((HERE / "every_type.sql").read_text())
    # The same names have other object ids on the target.
    await moving.on("target", "create type public.other as enum ('a')")
    await moving.on("source", (HERE / "every_type_rows.sql").read_text())
    with suppress(asyncpg.FeatureNotSupportedError):  # of a server that was built without libxml
        await moving.on(
            "source",
            "update public.built_in set c_xml = '<a x=\"1\">t<!-- c --></a>' where id = 1",
        )
    return moving


FORMS: list[tuple[str, CopyFormat, tuple[str, ...]]] = [
    ("built_in", "binary", ("id",)),
    ("built_in", "text", ("id",)),
    ("of_this_database", "text", ()),
]


@pytest.mark.parametrize(("name", "copy_format", "key"), FORMS)
async def test_every_type_arrives_exactly(
    filled: Moving, name: str, copy_format: CopyFormat, key: tuple[str, ...]
) -> None:
    table = await filled.table(name, key=key, copy_format=copy_format)
    async with filled.snapshot() as snapshot:
        await filled.copy_table(table, snapshot)
        compared = await filled.compare(table, snapshot)
    assert await filled.same(table)
    assert compared.differing_buckets == 0
    assert compared.source_rows == compared.target_rows == 3
    assert compared.source_digest == compared.target_digest


@pytest.mark.parametrize(("name", "copy_format", "key"), FORMS)
async def test_a_change_of_any_column_is_found_and_mended(
    filled: Moving, name: str, copy_format: CopyFormat, key: tuple[str, ...]
) -> None:
    table = await filled.table(name, key=key, copy_format=copy_format)
    columns = ", ".join(quote(column.target) for column in table.columns)
    first = (
        await filled.ask("source", f"select to_jsonb(t)::text from public.{name} t where id = 1")
    )[0][0]
    values = msgspec.json.decode(first)
    changed = [name for name, value in values.items() if value is not None]
    changed = [each.target for each in table.columns if each.target in {*changed} - {"id"}]
    # As many rows like the first as there are columns; on the target each lacks another's value.
    await filled.on(
        "source",
        f"create table public.first as select * from public.{name} where id = 1",
        f"delete from public.{name}",
        *(
            f"update public.first set id = {number};"
            f"insert into public.{name} ({columns}) select {columns} from public.first"
            for number in range(len(changed))
        ),
    )
    async with filled.snapshot() as snapshot:
        await filled.copy_table(table, snapshot)
        await filled.on(
            "target",
            *(
                f"update public.{name} set {quote(column)} = null where id = {number}"
                for number, column in enumerate(changed)
            ),
        )
        compared = await filled.compare(table, snapshot, bits=BITS)
        mended = await filled.repair(table, snapshot, bits=BITS)
        again = await filled.compare(table, snapshot, bits=BITS, pass_number=2)
    assert compared.differing_buckets > len(changed) / 2
    assert (mended.rows_deleted, mended.rows_copied) == (len(changed), len(changed))
    assert again.differing_buckets == 0
    assert await filled.same(table)


WAYS: dict[str, BothHashings] = {
    "servers before 14": (Hashing("value", 18, 11), Hashing("value", 18, 11)),
    "a server before 18 and one since": (Hashing("value", 14, 14), Hashing("value", 18, 14)),
    "servers since 18": (Hashing("value", 18, 18), Hashing("value", 18, 18)),
    "other encodings": (
        Hashing("value", 14, 14, same_encoding=False),
        Hashing("value", 14, 14, same_encoding=False),
    ),
    "other orders of bytes": (Hashing("text", 14, 14), Hashing("text", 14, 14)),
    "both of these": (
        Hashing("text", 14, 14, same_encoding=False),
        Hashing("text", 14, 14, same_encoding=False),
    ),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("name", "copy_format", "key"), FORMS)
async def test_every_way_of_hashing_finds_that_a_copy_is_equal(
    filled: Moving, name: str, copy_format: CopyFormat, key: tuple[str, ...], way: str
) -> None:
    table = await filled.table(name, key=key, copy_format=copy_format)
    async with filled.snapshot() as snapshot:
        await filled.copy_table(table, snapshot)
        async with filled.target.session() as target, filled.source.session() as source:
            if server_major(source) < 18 and "18" in way:
                pytest.skip("this server has no hash of bytes")
            await read_under(source, snapshot.snapshot_id)
            both = await comparable(source, target, table, hashing=WAYS[way])
            ours = await scan_pages(target, "target", both, WHOLE, BITS)
            theirs = await scan_pages(source, "source", both, WHOLE, BITS)
    assert by_bucket(ours) == by_bucket(theirs)
    assert ours.rows == 3


def by_bucket(sums: Sums) -> dict[str, tuple[str, ...]]:
    columns = (sums.buckets, sums.counts, sums.sums)
    parts = zip(*(column.strip("{}").split(",") for column in columns), strict=True)
    return {bucket: tuple(rest) for bucket, *rest in parts}
