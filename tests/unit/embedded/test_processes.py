import asyncio
import signal
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_cli.embedded import EmbeddedServerFailed, ManagedProcess, Restarts
from sterna_cli.embedded.process_identity import ProcessIdentity
from sterna_cli.embedded.process_record import ProcessRecord, end_leftover
from sterna_cli.embedded.supervisor import Supervisor

DEADLINE_SECONDS = 30
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""


def napper(tmp_path: Path, name: str = "napper") -> ManagedProcess:
    return ManagedProcess(
        name, ["sleep", "600"], run_folder=tmp_path / "run", log=tmp_path / f"{name}.log"
    )


async def test_a_process_that_got_a_recorded_pid_later_is_never_touched(tmp_path: Path) -> None:
    process = napper(tmp_path)
    await process.start()
    try:
        record = tmp_path / "run/napper.json"
        mine = ProcessRecord.read(record)
        assert mine is not None
        for changed in (
            msgspec.structs.replace(mine.identity, start_ticks=mine.identity.start_ticks - 1),
            msgspec.structs.replace(mine.identity, boot_id="before the machine started again"),
        ):
            msgspec.structs.replace(mine, identity=changed).write(record)
            assert not end_leftover(record)
            assert process.running
            assert not record.exists()
    finally:
        await process.kill()


async def test_a_leftover_is_ended_when_its_successor_starts(tmp_path: Path) -> None:
    first, second = napper(tmp_path), napper(tmp_path)
    await first.start()
    await second.start()
    try:
        assert not first.running
        assert second.running
    finally:
        await second.stop()
    assert not (tmp_path / "run/napper.json").exists()


async def test_a_process_that_ignores_being_asked_is_killed_after_its_grace(
    tmp_path: Path,
) -> None:
    process = ManagedProcess(
        "stubborn",
        [sys.executable, "-c", STUBBORN],
        run_folder=tmp_path / "run",
        log=tmp_path / "stubborn.log",
        grace_seconds=0.2,
    )

    async def deaf() -> bool:
        return "deaf" in process.log.read_text()

    await process.start_and_answer(deaf, within_seconds=DEADLINE_SECONDS)
    pid = process.pid
    assert pid is not None
    await process.stop()
    assert await process.wait() == -signal.SIGKILL
    assert ProcessIdentity.of(pid) is None


async def test_a_stop_that_is_cancelled_leaves_no_process(tmp_path: Path) -> None:
    process = ManagedProcess(
        "stubborn",
        [sys.executable, "-c", STUBBORN],
        run_folder=tmp_path / "run",
        log=tmp_path / "stubborn.log",
        grace_seconds=DEADLINE_SECONDS,
    )

    async def deaf() -> bool:
        return "deaf" in process.log.read_text()

    await process.start_and_answer(deaf, within_seconds=DEADLINE_SECONDS)
    stopping = asyncio.create_task(process.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert not process.running


async def test_a_program_that_ends_while_starting_is_an_error_that_names_its_log(
    tmp_path: Path,
) -> None:
    process = ManagedProcess(
        "short", ["true"], run_folder=tmp_path / "run", log=tmp_path / "short.log"
    )

    async def answers() -> bool:
        return False

    with pytest.raises(EmbeddedServerFailed, match=r"short\.log"):
        await process.start_and_answer(answers, within_seconds=DEADLINE_SECONDS)


async def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    process = ManagedProcess(
        "absent", ["/no/such/program"], run_folder=tmp_path / "run", log=tmp_path / "absent.log"
    )
    with pytest.raises(EmbeddedServerFailed, match="could not be started"):
        await process.start()


@given(st.integers(min_value=1, max_value=10_000))
def test_restarts_wait_longer_each_time_and_never_longer_than_the_bound(crashes: int) -> None:
    restarts = Restarts(first_delay_seconds=0.1, longest_delay_seconds=10)
    assert restarts.delay_seconds(1) == restarts.first_delay_seconds
    assert restarts.delay_seconds(crashes) <= restarts.delay_seconds(crashes + 1) <= 10


async def test_a_program_that_is_being_started_by_hand_is_not_taken_for_one_that_crashed(
    tmp_path: Path,
) -> None:
    process = napper(tmp_path)

    class BeingStarted:
        """Has a process in its hands that has not begun yet, as a server does for a moment."""

        name = "napper"

        def __init__(self) -> None:
            self.looks = 0
            self.seen = asyncio.Event()

        @property
        def process(self) -> ManagedProcess:
            self.looks += 1
            if self.looks > 1:
                self.seen.set()
            return process

        async def start(self) -> None:
            pass

        async def stop(self) -> None:
            await process.stop()

    started = BeingStarted()
    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        Supervisor(tmp_path / "run", tmp_path / "logs") as supervisor,
    ):
        await supervisor.start(started)
        await started.seen.wait()
        await process.start()
        assert process.pid is not None
