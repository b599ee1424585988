"""A certificate of a real migration: verified offline and against the tables, by the command line."""

import asyncio
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
