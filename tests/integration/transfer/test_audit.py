"""What was certified is summed again on real databases, and any change is found."""

import msgspec
import pytest

from sterna_core.certificate.proof import TableProof
from sterna_core.certificate.table import CertifiedColumn, CertifiedTable
from sterna_core.tasks.table import PageRange, TableSpec
from sterna_executor.audit import AuditAnswer, AuditRequest, Login, answer
from support.transfer.moving import Moving, password_of

ROWS = (
    "insert into public.birds select n, 'tern ' || n, n * 1.5, case when n % 7 = 0 then null"
    " else now() end, decode(md5(n::text), 'hex'), json_build_object('n', n)"
    " from generate_series(1, 5000) n"
)
TABLE = (
    "create table public.birds (id bigint primary key, name text, weight numeric(12, 3),"
    " seen timestamptz, mark bytea, note json)"
)


def certified(table: TableSpec, proof: TableProof | None, rows: int) -> CertifiedTable:
    assert proof is not None
    return CertifiedTable(
        table_id=table.table_id,
        source_schema=table.source_schema,
        source_table=table.source_table,
        target_schema=table.target_schema,
        target_table=table.target_table,
        columns=tuple(
            CertifiedColumn(source=each.source, target=each.target, expression=each.expression)
            for each in table.columns
        ),
        key=table.key,
        rows=rows,
        proof=proof,
    )


async def audited(moving: Moving, table: CertifiedTable, *, source: bool = False) -> AuditAnswer:
    def login(role: str) -> Login:
        side = moving.source if role == "source" else moving.target
        url = moving.source_url if role == "source" else moving.target_url
        return Login(endpoint=side.endpoint, password=password_of(url).reveal())

    request = AuditRequest(
        tables=(table,), target=login("target"), source=login("source") if source else None
    )
    return await answer(request)


async def moved(
    moving: Moving,
    *,
    key: tuple[str, ...] = ("id",),
    ranges: bool = False,
    transformed: dict[str, str] | None = None,
    bits: int = 9,
) -> CertifiedTable:
    await moving.both(TABLE)
    await moving.on("source", ROWS)
    table = await moving.table("birds", key=key, transformed=transformed)
    async with moving.snapshot() as snapshot:
        await moving.copy_table(table, snapshot)
        if ranges:
            for number, pages in enumerate((PageRange(0, 20), PageRange(20, None))):
                for side in ("source", "target"):
                    await moving.scan(table, snapshot, side, pages, number, bits)
        found = await moving.compare(table, snapshot, bits=bits, scan=not ranges)
    assert found.differing_buckets == 0
    assert found.proof is not None
    assert found.proof.source_root == found.proof.target_root
    return certified(table, found.proof, found.target_rows)


@pytest.mark.parametrize("ranges", [False, True])
@pytest.mark.parametrize("key", [("id",), ()])
async def test_both_sides_are_as_certified_however_they_were_scanned(
    moving: Moving, key: tuple[str, ...], ranges: bool
) -> None:
    table = await moved(moving, key=key, ranges=ranges)

    said = await audited(moving, table, source=True)

    assert said.failed is None
    assert said.audit is not None
    assert said.audit.differences == ()
    assert said.audit.rows == 10_000
    assert len(table.proof.leaves) == 256 * 32


@pytest.mark.parametrize(
    "change",
    [
        "update public.birds set weight = weight + 0.001 where id = 4711",
        "update public.birds set note = '{\"n\":  1}' where id = 1",
        "delete from public.birds where id = 5000",
        "insert into public.birds (id) values (5001)",
        "update public.birds set seen = null where id = 1",
        "update public.birds set name = 'tern ' || (3 - id) where id in (1, 2)",
        "alter table public.birds drop column mark",
        "drop table public.birds",
    ],
)
async def test_one_changed_row_of_the_target_is_found(moving: Moving, change: str) -> None:
    table = await moved(moving)
    await moving.on("target", change)

    said = await audited(moving, table)

    assert said.failed is None
    assert said.audit is not None
    (difference,) = said.audit.differences
    assert (difference.side, difference.certified_rows) == ("target", 5000)
    assert difference.parts >= 1


async def test_a_changed_row_of_the_source_is_found_where_it_is_asked_for(moving: Moving) -> None:
    transformed = {"name": 'upper("name")'}
    table = await moved(moving, transformed=transformed)
    await moving.on("source", "update public.birds set name = 'gull' where id = 1")

    said = await audited(moving, table, source=True)

    assert said.audit is not None
    assert [(each.side, each.parts) for each in said.audit.differences] == [("source", 1)]


async def test_an_empty_table_is_as_certified(moving: Moving) -> None:
    await moving.both("create table public.nothing (id int)")
    table = await moving.table("nothing")
    async with moving.snapshot() as snapshot:
        found = await moving.compare(table, snapshot, bits=0)
    said = await audited(moving, certified(table, found.proof, 0), source=True)

    assert said.audit is not None
    assert said.audit.differences == ()


async def test_a_server_that_is_away_is_told_without_its_login(moving: Moving) -> None:
    table = await moved(moving)
    away = Login(
        endpoint=moving.side("target", moving.target.endpoint).endpoint, password="wrong canary"
    )
    said = await answer(
        AuditRequest(
            tables=(table,),
            target=Login(
                endpoint=msgspec.structs.replace(away.endpoint, port=1),
                password=away.password,
            ),
        )
    )
    assert said.failed is not None
    assert "canary" not in said.failed.message
