import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.integration.cli.foreground import STOP_SECONDS, Up, running, sterna

from sterna_cli.embedded.free_port import free_port

pytestmark = pytest.mark.xdist_group("sterna-up")


@pytest.fixture(scope="module")
async def up() -> AsyncIterator[Up]:
    async with running(executors=0) as started:
        yield started


async def test_other_commands_find_the_stack_that_runs_here(up: Up):
    done = await sterna(up.home, "migrations", "list", "--output", "json")
    assert done.code == 0
    found: dict[str, Any] = msgspec.json.decode(done.output)
    assert found["data"] == []


async def test_the_address_and_key_that_are_printed_work(up: Up, tmp_path: Path):
    given = {"STERNA_URL": up.said("API  "), "STERNA_API_KEY": up.said("API key")}
    assert (await sterna(tmp_path, "connections", "list", **given)).code == 0
    refused = await sterna(tmp_path, "connections", "list", **{**given, "STERNA_API_KEY": "sk_no"})
    assert refused.code == 2
    assert "unauthorized" in refused.output


async def test_what_is_not_there_has_an_exit_code_of_its_own(up: Up):
    unknown = "mig_" + "0" * 32
    for arguments in (("show",), ("logs",), ("logs", "-f"), ("pause",), ("cancel", "--rollback")):
        done = await sterna(up.home, "migrations", *arguments, unknown)
        assert (arguments, done.code) == (arguments, 3)


async def test_a_second_stack_in_the_same_home_is_refused(up: Up):
    done = await sterna(up.home, "up", "--port", str(free_port()))
    assert done.code == 4
    assert "embedded_stack_running" in done.output


async def test_projections_are_rebuilt_while_the_api_runs(up: Up):
    assert (await sterna(up.home, "projections", "rebuild")).code == 0
    assert (await sterna(up.home, "migrations", "list")).code == 0


async def test_a_wrong_password_is_told_without_the_password(up: Up):
    source = "postgresql://nobody:canary-password@127.0.0.1:1/shop"
    done = await sterna(up.home, "migrate", source, source, "--yes", "--json")
    assert done.code == 1
    assert msgspec.json.decode(done.output)["error"]["code"] == "source_unreachable"
    assert "canary" not in done.output + done.remarks


async def test_secrets_are_readable_by_their_owner_only(up: Up):
    private = [*(up.home / "secrets").iterdir(), up.home / "run/api.address"]
    assert len(private) >= 4
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}


async def test_ctrl_c_stops_everything():
    async with running(executors=0) as up:
        up.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(STOP_SECONDS):
            assert await up.process.wait() == 0
        assert [*(up.home / "run").glob("*")] == []
        assert not _processes_in(up.home)


def _processes_in(home: Path) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_text(errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if str(home) in command:
                found.append(command)
    return found
