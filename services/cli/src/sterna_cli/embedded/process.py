"""A child process: started, watched and stopped, with a record of its pid."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from sterna_cli.embedded.errors import EmbeddedServerFailed
from sterna_cli.embedded.os_user import OsUser
from sterna_cli.embedded.process_identity import ProcessIdentity
from sterna_cli.embedded.process_record import ProcessRecord, end_leftover

DEFAULT_GRACE_SECONDS = 10.0
_POLL_SECONDS = 0.02

_log = structlog.get_logger(__name__)


class ManagedProcess:
    """One program that runs as a child, in a session of its own.

    `run_folder` keeps the pid, `log` what it prints (the previous log is kept beside it).
    A leftover of an earlier supervisor is ended before a start.
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
        self._env = dict(os.environ if env is None else env)
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
        return self._popen.pid if self.running and self._popen else None

    @property
    def running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def stopping(self) -> bool:
        """Whether its end was asked for, so that it is no crash."""
        return self._stopping

    @property
    def exit_code(self) -> int | None:
        """The exit code once it has ended; negative is the number of the signal."""
        return None if self._popen is None else self._popen.poll()

    async def start(self) -> None:
        """Start it. Raises EmbeddedServerFailed if the program cannot be run."""
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
                self._popen = subprocess.Popen(
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
            ProcessRecord(identity, self.name, int(self._stop_signal), self._grace_seconds).write(
                self._record
            )

    async def wait(self) -> int:
        """Wait until it has ended and give the exit code."""
        if self._popen is None:
            raise RuntimeError(f"{self.name} was not started")
        while (code := self._popen.poll()) is None:
            await asyncio.sleep(_POLL_SECONDS)
        return code

    async def stop(self) -> None:
        """Ask it to stop, and kill it when the grace is over or when cancelled."""
        self._stopping = True
        if self._popen is None:
            return
        if self.running:
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
        self._forget()

    async def kill(self) -> None:
        """SIGKILL, as a crash would: nothing is flushed, the record is kept until it is gone."""
        self._stopping = True
        self._kill_session()
        self._forget()

    def _kill_session(self) -> None:
        if self._popen is None:
            return
        if self._popen.poll() is None:
            try:
                os.killpg(self._popen.pid, signal.SIGKILL)
            except ProcessLookupError:
                self._popen.kill()
        self._popen.wait()

    def _forget(self) -> None:
        self._record.unlink(missing_ok=True)
