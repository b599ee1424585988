"""A child process: started, watched and stopped, with a record of its pid."""

import asyncio
import os
import signal
import subprocess  # ruff: ignore[suspicious-subprocess-import]  # arguments are lists, never a shell's text
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import structlog

from sterna_cli.embedded.errors import EmbeddedServerFailed
from sterna_cli.embedded.os_user import OsUser
from sterna_cli.embedded.process_identity import ProcessIdentity
from sterna_cli.embedded.process_record import ProcessRecord, end_leftover

DEFAULT_GRACE_SECONDS = 10.0
KILLED_SECONDS = 10.0
_POLL_SECONDS = 0.03

_log = structlog.get_logger(__name__)


class ManagedProcess:
    """One program that runs as a child, in a session of its own.

    `run_folder` keeps the pid while it runs, `log` what it prints (the log of the start before is
    kept beside it). `env` is its whole environment, ours if None. A leftover of an earlier
    supervisor is ended before a start.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        run_folder: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
        user: OsUser | None = None,
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        grace_seconds: float = DEFAULT_GRACE_SECONDS,
    ) -> None:
        self.name = name
        self.log = log
        self._argv = [str(word) for word in argv]
        self._env = None if env is None else dict(env)
        self._user = user
        self._cwd = cwd
        self._stop_signal = stop_signal
        self._grace_seconds = grace_seconds
        self._record = run_folder / f"{name}.json"
        self._popen: subprocess.Popen[bytes] | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """The pid while it runs."""
        return self._popen.pid if self._popen is not None and self.running else None

    @property
    def running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def begun(self) -> bool:
        """Whether it was started at all, be it that it has ended since."""
        return self._popen is not None

    @property
    def stopping(self) -> bool:
        """Whether its end was asked for, so that it is no crash."""
        return self._stopping

    async def start(self) -> None:
        """Start it, unless it runs. Raises EmbeddedServerFailed if it cannot be run."""
        if self.running:
            return
        if await asyncio.to_thread(end_leftover, self._record):
            _log.info("leftover_process_ended", name=self.name)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".previous.log"))
        self._stopping = False
        with self.log.open("wb") as output:
            try:
                self._popen = subprocess.Popen(  # ruff: ignore[create-subprocess-in-async-function]  # not held up: it only forks
                    self._argv,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=self._env,
                    cwd=self._cwd,
                    start_new_session=True,  # Ctrl-C is for the supervisor, which stops in order
                    **({} if self._user is None else self._user.popen_arguments()),
                )
            except OSError as failure:
                raise EmbeddedServerFailed(self.name, "could not be started", self.log) from failure
        identity = ProcessIdentity.of(self._popen.pid)
        if identity is not None:
            record = ProcessRecord(identity, self.name, int(self._stop_signal), self._grace_seconds)
            record.write(self._record)

    async def start_and_answer(
        self, answers: Callable[[], Awaitable[bool]], *, within_seconds: float
    ) -> None:
        """Start it and wait until it answers; if it does not, kill it.

        Raises EmbeddedServerFailed.
        """
        await self.start()
        try:
            await self._until(answers, time.monotonic() + within_seconds)
        except BaseException:
            await self.kill()
            raise

    async def wait(self) -> int:
        """Wait until it has ended and give the exit code; negative is a signal's number.

        There is no deadline: who waits for an end that was asked for sets one.
        """
        if self._popen is None:
            raise EmbeddedServerFailed(self.name, "was not started", self.log)
        while (code := self._popen.poll()) is None:  # ruff: ignore[async-busy-wait]  # children have no event
            await asyncio.sleep(_POLL_SECONDS)
        return code

    async def stop(self) -> None:
        """Ask it to stop, and kill it when its grace is over or when cancelled."""
        self._stopping = True
        if self._popen is not None and self.running:
            self._popen.send_signal(self._stop_signal)
            try:
                async with asyncio.timeout(self._grace_seconds):
                    await self.wait()
            except TimeoutError:
                _log.warning("process_killed", name=self.name, after_seconds=self._grace_seconds)
                self._kill_session()
            except BaseException:
                self._kill_session()
                raise
        self._record.unlink(missing_ok=True)

    async def kill(self) -> None:
        """SIGKILL it with what it started in its session, as a crash would; nothing is flushed."""
        self._stopping = True
        self._kill_session()
        self._record.unlink(missing_ok=True)

    async def _until(self, answers: Callable[[], Awaitable[bool]], deadline: float) -> None:
        while not await answers():
            if self.running and time.monotonic() > deadline:
                raise EmbeddedServerFailed(self.name, "did not answer in time", self.log)
            if not self.running:
                break
            await asyncio.sleep(_POLL_SECONDS)
        if not self.running:  # if something answered all the same, it has taken the port
            raise EmbeddedServerFailed(self.name, "stopped while starting", self.log)

    def _kill_session(self) -> None:
        # Once it has been waited for, its number may belong to others.
        if self._popen is not None and self._popen.poll() is None:
            os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait(KILLED_SECONDS)
