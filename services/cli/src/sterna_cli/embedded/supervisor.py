"""Keeps processes running: what ends without being asked is started again."""

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import structlog

from sterna_cli.embedded.process import DEFAULT_GRACE_SECONDS, ManagedProcess
from sterna_core.errors import SternaError

_POLL_SECONDS = 0.05

_log = structlog.get_logger(__name__)


class Runnable(Protocol):
    """What can be kept running: a program or a server."""

    name: str

    @property
    def process(self) -> ManagedProcess | None:
        """The process, from the first start on."""

    async def start(self) -> None:
        """Start it; raises a SternaError if that fails."""

    async def stop(self) -> None:
        """Stop it; no process is left, also when cancelled."""


@dataclass(frozen=True)
class Restarts:
    """How a crash is answered: soon, then after twice as long each time, up to a bound.

    A run of `calm_seconds` makes the next crash a first one again.
    """

    first_delay_seconds: float = 0.1
    longest_delay_seconds: float = 10.0
    calm_seconds: float = 30.0

    def delay_seconds(self, crashes: int) -> float:
        """Tell how long to wait before the start after the `crashes`-th crash in a row."""
        doubled = self.first_delay_seconds * 2.0 ** min(crashes - 1, 30)
        return min(self.longest_delay_seconds, doubled)


class SupervisedProcess:
    """A program of ours (the API, an executor) that is started again when it crashes."""

    def __init__(self, process: ManagedProcess) -> None:
        self._process = process
        self.name = process.name
        self.starts = 0

    @property
    def process(self) -> ManagedProcess:
        """The process, the same object over restarts."""
        return self._process

    @property
    def pid(self) -> int | None:
        """The pid while it runs; another one after each restart."""
        return self._process.pid

    async def start(self) -> None:
        """Start it. Raises EmbeddedServerFailed if the program cannot be run."""
        self.starts += 1
        await self._process.start()

    async def stop(self) -> None:
        """Ask it to stop; killed after its grace."""
        await self._process.stop()


class Supervisor:
    """An async context manager: what it watches runs until it is left, and not longer."""

    def __init__(self, run_folder: Path, logs: Path, restarts: Restarts | None = None) -> None:
        self._run_folder = run_folder
        self._logs = logs
        self._restarts = restarts or Restarts()
        self._watched: list[tuple[Runnable, asyncio.Task[None]]] = []
        self._names: set[str] = set()
        self._background: list[asyncio.Task[None]] = []
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            for task in (*self._background, *(task for _, task in self._watched)):
                task.cancel()
            await asyncio.gather(*(runnable.stop() for runnable, _ in self._watched))
        finally:
            # Told of no error, so that the error reaches the caller as it is, not in a group.
            await self._tasks.__aexit__(None, None, None)

    async def run(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        grace_seconds: float = DEFAULT_GRACE_SECONDS,
    ) -> SupervisedProcess:
        """Start a program and keep it running. Raises EmbeddedServerFailed."""
        process = SupervisedProcess(
            ManagedProcess(
                name,
                argv,
                run_folder=self._run_folder,
                log=self._logs / f"{name}.log",
                env=env,
                grace_seconds=grace_seconds,
            )
        )
        await self.start(process)
        return process

    async def start(self, runnable: Runnable) -> None:
        """Start something and keep it running. Raises what its start raises.

        Names are unique: a pid is recorded under its process's name. Raises ValueError.
        """
        if runnable.name in self._names:
            raise ValueError(f"{runnable.name} is supervised already")
        self._names.add(runnable.name)
        await runnable.start()
        task = self._tasks.create_task(self._keep_running(runnable), name=f"watch {runnable.name}")
        self._watched.append((runnable, task))

    def in_background(self, work: Coroutine[object, None, None]) -> None:
        """Do something beside; it is cancelled when the supervisor is left before its end."""
        self._background.append(self._tasks.create_task(work))

    async def _keep_running(self, runnable: Runnable) -> None:
        crashes = 0
        while True:
            started_at = time.monotonic()
            exit_code = await _until_it_crashes(runnable)
            if time.monotonic() - started_at > self._restarts.calm_seconds:
                crashes = 0
            crashes = await self._start_again(runnable, exit_code, crashes + 1)

    async def _start_again(self, runnable: Runnable, exit_code: int, crashes: int) -> int:
        while True:
            delay_seconds = self._restarts.delay_seconds(crashes)
            _log.warning(
                "process_restarts",
                name=runnable.name,
                exit_code=exit_code,
                crashes=crashes,
                delay_seconds=delay_seconds,
            )
            await asyncio.sleep(delay_seconds)
            try:
                await runnable.start()
            except SternaError as failure:
                _log.warning("process_start_failed", name=runnable.name, code=failure.code)
                crashes += 1
            else:
                return crashes


async def _until_it_crashes(runnable: Runnable) -> int:
    while True:
        process = runnable.process
        # One that has not begun is being started by hand just now.
        if process is not None and process.begun and not process.stopping:
            exit_code = await process.wait()
            if not process.stopping:
                return exit_code
        await asyncio.sleep(_POLL_SECONDS)  # stopped by hand: until it is started by hand
