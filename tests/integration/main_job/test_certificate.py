"""A certificate of a real migration: verified offline and against the tables, by the command line."""

import asyncio
import json
import sys
from pathlib import Path

import asyncpg
import pytest

from sterna_cli.stack import Stack
from sterna_core.certificate.certificate import verify_certificate
from sterna_core.certificate.signing import PublicKey
from sterna_core.migration import events as ev
from support.faults.trial import trial

pytestmark = pytest.mark.xdist_group("main_job")

SECONDS = 60.0
VALIDATION = {
    "statistical": {"enabled": True},
    "semantic": {
        "rules": [
            {"name": "teller ids", "table": "public.pgbench_tellers", "expression": "tid > 0"}
        ]
    },
    "behavioral": {
        "queries": [
            {
                "name": "balances",
                "query": "select bid, sum(abalance), count(*) from public.pgbench_accounts"
                " group by bid order by bid",
                "fidelity": "exact",
            }
        ]
    },
}


async def verify(file: Path, key: str, *more: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sterna_cli", "certificate", "verify", str(file)),
        *("--public-key", key, *more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(SECONDS):
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


BY_HAND = """
create table person (id int primary key, xq7 varchar(40), n text, left_behind text);
insert into person select i, nullif('name ' || i, 'name 7'), i::text, 'x' from generate_series(1, 3000) i;
"""
THEIRS = "create table person (id bigint primary key, surname text, numeral int not null);"


async def test_columns_that_were_matched_by_hand_arrive_and_are_certified(
    stack: Stack, target: str, tmp_path: Path
) -> None:
    source = await stack.embedded.postgres.create_database("certificate_by_hand")
    for url, text in ((source, BY_HAND), (target, THEIRS)):
        await _run(url, text)
    wanted = [{"table": "public.person", "column": "n", "target_column": "numeral"}]
    options = {"mode": "data_only", "batch_size": 1_000, "auto_approve_above": 0.8}
    async with trial(stack, source, target, to={"columns": wanted}, **options) as found:
        one = f"/v1/migrations/{found.migration_id}"
        await found.shown("plan_ready")
        session = found.sterna.session
        page = json.loads(await session.get(f"{one}/mappings", bytes))["data"]
        waiting = {each["source"]["column"]: each["id"] for each in page if not each["copied"]}
        assert set(waiting) == {"xq7", "left_behind"}
        mapped = await session.patch(
            f"{one}/mappings/{waiting['xq7']}", {"target_column": "surname"}, json.loads
        )
        assert (mapped["target"]["column"], mapped["status"]) == ("surname", "approved")
        assert "chosen by hand (xq7 is surname)" in mapped["evidence"]
        body = {"approved": True}
        await session.patch(f"{one}/mappings/{waiting['left_behind']}", body, json.loads)
        await found.start()
        last = await found.over()
        assert isinstance(last, ev.MigrationCompleted), last
        await found.shown("completed")
        certificate = await session.get(f"{one}/certificate", bytes)
        key = (await found.sterna.certificate_key()).public_key
    rows = "select id, surname, numeral from person order by id"
    moved = [tuple(each) for each in await _run(target, rows)]
    assert moved == [(i, None if i == 7 else f"name {i}", i) for i in range(1, 3_001)]

    file = tmp_path / "certificate.json"
    file.write_bytes(certificate)
    sides = ("--target", target, "--source", source)
    code, said = await verify(file, key, *sides)
    assert code == 0, said
    assert "6000 rows of 1 tables" in said
    for url, side in ((target, "target"), (source, "source")):
        await _run(url, "update person set id = 5000 where id = 1")
        code, said = await verify(file, key, *sides)
        assert code == 1
        assert f"the {side} is not as it was certified" in said
        await _run(url, "update person set id = 1 where id = 5000")


async def _run(url: str, text: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        if text.startswith("select"):
            return list(await connection.fetch(text))
        await connection.execute(text)
        return []
    finally:
        await connection.close()


async def test_a_certificate_fails_after_one_row_or_one_byte_is_changed(
    stack: Stack, source: str, target: str, tmp_path: Path
) -> None:
    async with trial(
        stack, source, target, parallelism=4, batch_size=20_000, validation=VALIDATION
    ) as found:
        await found.start()
        last = await found.over()
        assert isinstance(last, ev.MigrationCompleted), last
        await found.shown("completed")
        path = f"/v1/migrations/{found.migration_id}/certificate"
        body = await found.sterna.session.get(path, bytes)
        key = (await found.sterna.certificate_key()).public_key
    file = tmp_path / "certificate.json"
    file.write_bytes(body)
    certificate = verify_certificate(body, PublicKey.parse(key))
    assert [each.status for each in certificate.statement.kinds] == ["passed"] * 6
    sides = ("--target", target, "--source", source)

    assert (await verify(file, key))[0] == 0
    code, said = await verify(file, key, *sides)
    assert code == 0, said
    assert "200022 rows of 4 tables" in said

    connection = await asyncpg.connect(target)
    try:
        await connection.execute("update pgbench_accounts set abalance = 1 where aid = 4711")
    finally:
        await connection.close()
    code, said = await verify(file, key, *sides)
    assert code == 1
    assert "public.pgbench_accounts: the target is not as it was certified" in said

    place = body.index(b'"rows":')
    file.write_bytes(body[:place] + b'"rowz":' + body[place + 7 :])
    code, said = await verify(file, key)
    assert code == 1
    assert "certificate_invalid" in said
