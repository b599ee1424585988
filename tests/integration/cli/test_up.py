import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from sterna_cli.embedded.free_port import free_port
from sterna_cli.temporary_home import temporary_home

pytestmark = pytest.mark.xdist_group("sterna-up")

_READY_SECONDS = 90
_STOP_SECONDS = 45
_COMMAND_SECONDS = 90


class Up(Struct):
    """A `sterna up` that runs in the foreground of a process of its own."""

    home: Path
    process: asyncio.subprocess.Process
    printed: str


class Done(Struct):
    """What a command did."""

    code: int
    output: str
    remarks: str


async def sterna(home: Path, *arguments: str, **variables: str) -> Done:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sterna_cli", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(home) | variables,
    )
    async with asyncio.timeout(_COMMAND_SECONDS):
        output, remarks = await process.communicate()
    assert process.returncode is not None
    return Done(process.returncode, output.decode(), remarks.decode())


def _environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("STERNA_") or "CACHE" in k}
    return kept | {"STERNA_HOME": str(home)}


@pytest.fixture(scope="module")
async def up() -> AsyncIterator[Up]:
    async with running() as started:
        yield started


@asynccontextmanager
async def running() -> AsyncGenerator[Up, None]:
    """Run a stack without executors, in a home of its own."""
    async with temporary_home("test") as home:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sterna_cli", "up", "--executors", "0"),
            *("--port", str(free_port())),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            env=_environment(home),
        )
        assert process.stdout is not None
        printed = ""
        async with asyncio.timeout(_READY_SECONDS):
            while "Ctrl-C" not in printed:
                line = await process.stdout.readline()
                assert line, printed
                printed += line.decode()
        try:
            yield Up(home, process, printed)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                async with asyncio.timeout(_STOP_SECONDS):
                    await process.wait()


def _printed(up: Up, what: str) -> str:
    return next(
        line.removeprefix(what).strip() for line in up.printed.splitlines() if line.startswith(what)
    )


async def test_other_commands_find_the_stack_that_runs_here(up: Up):
    done = await sterna(up.home, "migrations", "list", "--output", "json")
    assert done.code == 0
    found: dict[str, Any] = msgspec.json.decode(done.output)
    assert found["data"] == []


async def test_the_address_and_key_that_are_printed_work(up: Up, tmp_path: Path):
    given = {"STERNA_URL": _printed(up, "API  "), "STERNA_API_KEY": _printed(up, "API key")}
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
    async with running() as up:
        up.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(_STOP_SECONDS):
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
