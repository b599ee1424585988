import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sterna_cli.embedded.process_record import end_leftover

TEST_SETTINGS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "32MB"}
DEADLINE_SECONDS = 120


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that PostgreSQL's user can reach (pytest's own folders are private to root)."""
    folder = Path(tempfile.mkdtemp(prefix="sterna-embedded-"))
    folder.chmod(0o755)
    yield folder / "home"
    for record in folder.glob("**/run/*.json"):
        end_leftover(record)
    shutil.rmtree(folder)


class Supervising:
    """Another process that runs the embedded stack in a home until it is told to stop."""

    def __init__(self, home: Path, body: str = "") -> None:
        program = f"""
            import asyncio, os, signal, sys
            from pathlib import Path
            from sterna_cli.embedded import EmbeddedStack

            async def main():
                task = asyncio.current_task()
                # Python leaves SIGINT alone where a shell in the background had it ignored.
                for number in (signal.SIGTERM, signal.SIGINT):
                    asyncio.get_running_loop().add_signal_handler(number, task.cancel)
                async with EmbeddedStack(
                    Path({str(home)!r}), postgres_settings={TEST_SETTINGS!r}
                ) as stack:
                    print(stack.postgres.pid, stack.kafka.pid)
                    {body or "pass"}
                    await asyncio.Event().wait()

            asyncio.run(main())
        """
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", textwrap.dedent(program)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def numbers(self) -> list[int]:
        """Wait for the next line of numbers it prints: first the pids of its servers."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            words = line.split()
            if words and all(word.isdigit() for word in words):
                return [int(word) for word in words]
        raise AssertionError("the supervisor ended early")

    def end(self, number: signal.Signals) -> int:
        """Send a signal, wait for the end and give the exit code."""
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        code = self.process.wait(DEADLINE_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture
def supervising(home: Path) -> Iterator[Callable[..., Supervising]]:
    started: list[Supervising] = []

    def start(body: str = "") -> Supervising:
        started.append(Supervising(home, body))
        return started[-1]

    yield start
    for each in started:
        each.end(signal.SIGKILL)
