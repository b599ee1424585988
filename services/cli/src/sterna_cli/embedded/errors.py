"""What can go wrong with the embedded stack.

Terminal
├── EmbeddedStackRunning     another process runs the stack in this home
├── HomeNotReachable         PostgreSQL's unprivileged user could not enter the home
└── JarRefused               a jar is not the one that was pinned
Transient
└── EmbeddedServerFailed     a server stopped, or did not answer in time
"""

from pathlib import Path

from sterna_core.errors import SternaError, Terminal, Transient


class EmbeddedStackRunning(Terminal):
    """Another process runs the embedded stack in this home."""

    code = "embedded_stack_running"

    def __init__(self, home: Path, pid: int | None) -> None:
        who = f"process {pid}" if pid else "another process"
        stop = f"stop it with Ctrl-C where it runs or with `kill {pid}`" if pid else "stop it"
        super().__init__(
            f"the embedded stack already runs in {home} ({who}): use that one by setting "
            f"STERNA_URL to its address, {stop}, or set STERNA_HOME to another folder",
            details={"home": str(home), "pid": pid},
        )


class HomeNotReachable(Terminal):
    """PostgreSQL refuses to run as root, and its unprivileged user could not enter the home."""

    code = "home_not_reachable"

    def __init__(self, home: Path, private: Path, user: str) -> None:
        super().__init__(
            f"PostgreSQL runs as the user {user}, who may not enter {private}: set STERNA_HOME to "
            f"a folder outside of private ones (the default is /var/lib/sterna) instead of {home}",
            details={"home": str(home), "private": str(private)},
        )


class JarRefused(Terminal):
    """A jar is not the one that was pinned; it was not run."""

    code = "jar_refused"


class EmbeddedServerFailed(Transient):
    """A server of the embedded stack stopped, or did not answer in time."""

    code = "embedded_server_failed"

    def __init__(self, name: str, what: str, log: Path) -> None:
        super().__init__(f"{name} {what}; its log is {log}", details={"log": str(log)})


def first_error(group: BaseExceptionGroup[BaseException]) -> SternaError:
    """Give the first error of ours that tasks running side by side ended with."""
    ours = group.subgroup(SternaError)
    found: BaseException | None = ours
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    if not isinstance(found, SternaError):
        raise group
    return found
