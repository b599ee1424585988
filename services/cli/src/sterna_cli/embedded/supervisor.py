"""Keeps processes running: what ends without being asked is started again."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import structlog
from sterna_core.errors import SternaError

from sterna_cli.embedded.process import DEFAULT_GRACE_SECONDS, ManagedProcess

_log = structlog.get_logger(__name__)


class Runnable(Protocol):
    """What can be kept running: a process of ours or a server made of one."""

    name: str

    @property
    def process(self) -> ManagedProcess | None: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


@dataclass(frozen=True)
class Restarts:
    """How a crash is answered: at once, then after twice as long each time, up to a bound.

    A run of `calm_seconds` makes the next crash a first one again.
    """

    first_delay_seconds: float = 0.1
    longest_delay_seconds: float = 10.0
    calm_seconds: float = 30.0

    def delay_seconds(self, crashes: int) -> float:
        """How long to wait before the start after the `crashes`-th crash in a row."""
        return float(
            min(self.longest_delay_seconds, self.first_delay_seconds * 2 ** min(crashes - 1, 30))
        )


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
    """Starts, watches and stops; enter it before and leave it after everything it runs.

    Leaving stops everything, the last started first.
    """

    def __init__(self, run_folder: Path, logs: Path, restarts: Restarts | None = None) -> None:
        self._run_folder = run_folder
        self._logs = logs
        self._restarts = restarts or Restarts()
        self._watched: list[tuple[Runnable, asyncio.Task[None]]] = []
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
            await self.stop()
        finally:
            await self._tasks.__aexit__(kind, error, trace)

    async def run(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        grace_seconds: float = DEFAULT_GRACE_SECONDS,
    ) -> SupervisedProcess:
        """Start a program and keep it running until the supervisor is left.

        `env` is its whole environment (ours if None). Raises EmbeddedServerFailed.
        """
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
        await process.start()
        self.watch(process)
        return process

    def watch(self, started: Runnable) -> None:
        """Keep running what has been started already."""
        task = self._tasks.create_task(self._keep_running(started), name=f"watch {started.name}")
        self._watched.append((started, task))

    async def stop(self) -> None:
        """Stop everything watched, the last started first."""
        while self._watched:
            runnable, task = self._watched.pop()
            task.cancel()
            try:
                await runnable.stop()
            except BaseException:
                await _kill_all([runnable, *(each for each, _ in self._watched)])
                raise

    async def _keep_running(self, runnable: Runnable) -> None:
        crashes = 0
        while True:
            started_at = time.monotonic()
            process = runnable.process
            assert process is not None
            code = await process.wait()
            if process.stopping:
                await _until(lambda: runnable.process is not None and runnable.process.running)
                continue
            if time.monotonic() - started_at > self._restarts.calm_seconds:
                crashes = 0
            crashes = await self._restart(runnable, code, crashes + 1)

    async def _restart(self, runnable: Runnable, code: int, crashes: int) -> int:
        while True:
            delay_seconds = self._restarts.delay_seconds(crashes)
            _log.warning(
                "process_restarts",
                name=runnable.name,
                exit_code=code,
                crashes=crashes,
                delay_seconds=delay_seconds,
            )
            await asyncio.sleep(delay_seconds)
            try:
                await runnable.start()
            except SternaError as failure:
                _log.warning("process_start_failed", name=runnable.name, code=failure.code)
                crashes += 1
                continue
            return crashes


async def _until(condition: Callable[[], bool], poll_seconds: float = 0.05) -> None:
    while not condition():
        await asyncio.sleep(poll_seconds)


async def _kill_all(runnables: Sequence[Runnable]) -> None:
    kills: list[Awaitable[None]] = [
        each.process.kill() for each in runnables if each.process is not None
    ]
    for kill in kills:
        await kill
