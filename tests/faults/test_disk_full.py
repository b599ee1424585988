"""The target's disk fills up half-way: the migration says so, and resumes when there is room."""

import asyncio
import os
import pwd
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from sterna_cli.stack import Stack
from sterna_core.migration import events as ev
from support.faults import pgbench
from support.faults.trial import trial

SECONDS = 120.0
SMALL = "size=64m"
LARGE = "size=2g"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


async def root(*command: str) -> None:
    await asyncio.to_thread(subprocess.run, command, check=True)


@pytest.fixture
async def small_disk(stack: Stack) -> AsyncIterator[tuple[Path, str]]:
    """A tablespace on a disk of its own, and a database in it."""
    folder = Path("/var/tmp") / f"sterna-disk-{uuid4().hex[:8]}"
    folder.mkdir()
    await root("mount", "-t", "tmpfs", "-o", SMALL, "tmpfs", str(folder))
    owner = pwd.getpwnam("nobody")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    postgres = stack.embedded.postgres
    name = f"small_{uuid4().hex[:8]}"
    connection = await asyncpg.connect(postgres.url())
    try:
        await connection.execute(f"create tablespace {name} location '{folder}'")
        await connection.execute(f"create database {name} tablespace {name}")
        yield folder, postgres.url(name)
        await connection.execute(f"drop database {name} with (force)")
        await connection.execute(f"drop tablespace {name}")
    finally:
        await connection.close()
        await root("umount", str(folder))
        folder.rmdir()


async def test_a_full_disk_fails_the_migration_which_resumes_when_there_is_room(
    stack: Stack, source: str, small_disk: tuple[Path, str]
) -> None:
    folder, target = small_disk
    async with trial(stack, source, target, parallelism=2, batch_size=20_000) as found:
        await found.start()
        await found.witness.until(
            lambda events: any(isinstance(e, ev.MigrationFailed) for e in events), SECONDS
        )
        assert found.witness.of(ev.MigrationFailed)[0].code == "target_out_of_disk"

        await root("mount", "-o", f"remount,{LARGE}", str(folder))
        await found.sterna.migrations.resume(found.migration_id)
        await found.witness.until(
            lambda events: any(isinstance(e, ev.MigrationCompleted) for e in events), SECONDS
        )
    assert await pgbench.contents(target) == await pgbench.contents(source)
    assert set(found.witness.chunk_completions().values()) == {1}
