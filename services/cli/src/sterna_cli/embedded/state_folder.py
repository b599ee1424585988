"""The folder that keeps the stack's data, and the lock that lets one process use it."""

import fcntl
import os
import secrets
from pathlib import Path
from typing import IO

from sterna_cli.embedded.errors import EmbeddedStackRunning, HomeNotReachable
from sterna_cli.embedded.os_user import OsUser
from sterna_cli.embedded.process_record import end_leftover
from sterna_core.errors import Misconfigured

_PASSWORD_BYTES = 24


def default_home() -> Path:
    """Give STERNA_HOME, or /var/lib/sterna for root and ~/.local/share/sterna for others."""
    if chosen := os.environ.get("STERNA_HOME"):
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/sterna")
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    return Path(data) / "sterna"


def cache_folder() -> Path:
    """Give STERNA_CACHE_DIR, or /var/cache/sterna for root and ~/.cache/sterna for others."""
    if chosen := os.environ.get("STERNA_CACHE_DIR"):
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/var/cache/sterna")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "sterna"


def make_home(home: Path) -> None:
    """Make a home: private, but for root one that PostgreSQL's user may pass through.

    Raises HomeNotReachable if that user could not get there.
    """
    user = OsUser.for_postgres()
    missing = [each for each in (home, *home.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        each.chmod(0o700 if user is None and each == home else 0o755)
    if user is not None:
        private = user.may_enter(home)
        if private is not None:
            raise HomeNotReachable(home, private, user.name)


def kept_secret(path: Path) -> str:
    """Give the secret kept in a file only its owner can read; the first time a new one is made."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(
            os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
        ) as file:
            file.write(secrets.token_urlsafe(_PASSWORD_BYTES))
        Path(fresh).replace(path)
    return path.read_text(encoding="ascii")


class StateFolder:
    """A home in use: `lock` it before anything is touched, `unlock` it last."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.run = home / "run"
        self.logs = home / "logs"
        self._lock: IO[str] | None = None

    def lock(self) -> None:
        """Take the home. Raises EmbeddedStackRunning if another process has it."""
        if not Path("/proc/self/stat").exists():
            raise Misconfigured(
                "the embedded stack needs Linux: elsewhere set STERNA_KAFKA_BOOTSTRAP and "
                "STERNA_DATABASE_URL to servers of your own"
            )
        make_home(self.home)
        for folder in (self.run, self.logs):
            folder.mkdir(mode=0o700, exist_ok=True)
        # The kernel frees the lock with its holder, however that one ends.
        lock = (self.home / "lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            pid = int(holder) if holder.isdigit() else None
            raise EmbeddedStackRunning(self.home, pid) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def end_leftovers(self) -> list[str]:
        """Stop what an earlier supervisor left running, the last started first. Blocks."""
        if not self.run.exists():
            return []
        records = sorted(self.run.glob("*.json"), key=lambda each: -each.stat().st_mtime_ns)
        return [record.stem for record in records if end_leftover(record)]

    def unlock(self) -> None:
        """Let others use the home."""
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None
