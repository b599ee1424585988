"""`sterna migrations …` against the real interface: what it prints, and its exit codes."""

import asyncio
import json
import os
import sys
from typing import Any

import pytest
from tests.support.api.client import Client
from tests.support.api.service import FIRST_KEY, Service

from sterna_core.ids import random_id

COMMAND_SECONDS = 30.0


class CommandLine:
    """Runs `sterna migrations …` in a process of its own."""

    def __init__(self, url: str) -> None:
        kept = {name: value for name, value in os.environ.items() if "STERNA" not in name}
        key = FIRST_KEY.reveal()
        self._environment = kept | {"STERNA_URL": url, "STERNA_API_KEY": key}

    async def __call__(self, *arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sterna_cli", "migrations", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
        )
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                said, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return process.returncode, said.decode()

    async def json(self, *arguments: str) -> Any:
        code, said = await self(*arguments, "--output", "json")
        assert code == 0, said
        return json.loads(said)


@pytest.fixture
def sterna(service: Service) -> CommandLine:
    return CommandLine(service.url)


async def completed(client: Client, **options: Any) -> str:
    migration_id = await client.migration(options=options)
    await client.in_status(migration_id, "approved")
    await client.post(f"/v1/migrations/{migration_id}/start")
    await client.in_status(migration_id, "completed")
    return migration_id


async def refused(service: Service, client: Client, *tables: str) -> str:
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    for table in tables:
        service.executors.world(migration_id).refused[table] = {0}
    await client.post(f"/v1/migrations/{migration_id}/start")
    await client.in_status(migration_id, "paused")
    return migration_id


async def test_status_says_in_one_line_how_a_migration_goes(
    sterna: CommandLine, client: Client
) -> None:
    migration_id = await completed(client)

    code, said = await sterna("status", migration_id)
    body = await sterna.json("status", migration_id)

    assert code == 0
    assert said.startswith(f"{migration_id} completed: 100 %")
    assert (body["status"], body["progress"]["percent"]) == ("completed", 100)


async def test_checkpoints_are_listed_the_newest_first(sterna: CommandLine, client: Client) -> None:
    migration_id = await completed(client)

    code, said = await sterna("checkpoints", migration_id)
    listed = (await sterna.json("checkpoints", migration_id, "--limit", "2"))["data"]

    assert code == 0
    assert all(each["id"] in said for each in listed)
    assert len(listed) == 2
    assert listed[0]["timestamp"] >= listed[1]["timestamp"]


async def test_a_rollback_is_begun_and_a_migration_without_a_ledger_has_none(
    sterna: CommandLine, client: Client
) -> None:
    kept, removed = await completed(client, keep_bookkeeping=True), await completed(client)

    begun = await sterna.json("rollback", kept, "--strategy", "truncate", "--reason", "again")
    await client.in_status(kept, "rolled_back")
    code, said = await sterna("rollback", removed)

    assert begun["id"] == kept
    assert (code, "rollback_not_available" in said) == (4, True)


async def test_what_is_deleted_is_gone_and_a_delete_of_nothing_says_so(
    sterna: CommandLine, client: Client
) -> None:
    migration_id = await completed(client)

    deleted = await sterna.json("delete", migration_id, "--no-keep-logs")
    code, said = await sterna("delete", random_id("mig_"))

    assert (deleted["deleted"], deleted["logs_retained"]) == (True, False)
    assert (await client.get(f"/v1/migrations/{migration_id}")).status == 404
    assert (code, "migration_not_found" in said) == (3, True)


async def test_errors_are_listed_and_one_is_shown_with_where_its_rows_lie(
    sterna: CommandLine, service: Service, client: Client
) -> None:
    migration_id = await refused(service, client, "public.orders")

    (error,) = (await sterna.json("errors", migration_id))["data"]
    code, listed = await sterna("errors", migration_id, "--status", "escalated")
    shown = (await sterna("errors", migration_id, error["id"]))[1]

    assert code == 0
    assert error["id"] in listed
    assert "public.orders" in listed
    assert shown.startswith(f"{error['id']} escalated: a check of the target does not hold")
    assert "1 not in the target" in shown


async def test_one_error_is_resolved_with_a_value_and_the_others_all_at_once(
    sterna: CommandLine, service: Service, client: Client
) -> None:
    migration_id = await refused(service, client, "public.orders", "public.customers")
    errors = {
        each["table"]: each["id"] for each in (await sterna.json("errors", migration_id))["data"]
    }

    one = await sterna.json(
        *("errors", migration_id, errors["public.orders"], "--resolve", "default"),
        *("--column", "id", "--value", "7", "--reason", "unknown"),
    )
    code, said = await sterna("errors", migration_id, "--all", "--resolve", "skip")
    done = await client.in_status(migration_id, "completed")

    assert one["data"][0]["resolution"] == "default"
    assert (code, errors["public.customers"] in said) == (0, True)
    found = {each["table"]: each["resolution"] for each in done["exceptions"]}
    assert found == {"public.orders": "default", "public.customers": "skip"}


async def test_to_resolve_one_error_is_named_or_all_are(
    sterna: CommandLine, client: Client
) -> None:
    migration_id = await completed(client)

    code, said = await sterna("errors", migration_id, "--resolve", "skip")
    every = await sterna("errors", migration_id, "--resolve", "skip", "--all")

    assert (code, "--all" in said) == (2, True)
    assert every == (0, "No error of refused rows waits.\n")
