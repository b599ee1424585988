"""Makes a cluster's data folder, with initdb."""

import shutil
import subprocess  # ruff: ignore[suspicious-subprocess-import]  # a fixed argument list
from collections.abc import Mapping
from pathlib import Path

from sterna_cli.embedded.errors import EmbeddedServerFailed
from sterna_cli.embedded.os_user import OsUser

SUPERUSER = "sterna"
INITDB_SECONDS = 120.0

# Nothing of ours: PG* variables would change what the programs do, secrets are not for them.
ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def make_cluster(
    data: Path, programs: Path, *, password: str, user: OsUser | None, log: Path, sync: bool
) -> None:
    """Make the data folder, owned by `user`. Nothing happens if it is there. Blocks.

    Passwords are scram-sha-256, also for local sessions; texts are UTF-8, sorted by code point.
    With `sync` it is on the disk afterwards. Raises EmbeddedServerFailed.
    """
    if data.exists():
        return
    # initdb works in a folder of its user and the result is renamed: what exists is whole.
    workshop = data.with_name("initdb")
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(mode=0o700)
    password_file = workshop / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password, encoding="utf-8")
    if user is not None:
        user.own(workshop)
        user.own(password_file)
    arguments = [
        *("-D", str(workshop / "data"), "-U", SUPERUSER, "--auth=scram-sha-256"),
        *("--pwfile", str(password_file), "--encoding=UTF8", "--no-instructions"),
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *([] if sync else ["--no-sync"]),
    ]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        done = subprocess.run(
            [programs / "initdb", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=ENVIRONMENT,
            cwd="/",
            timeout=INITDB_SECONDS,
            check=False,
            **({} if user is None else user.popen_arguments()),
        )
    if done.returncode != 0:
        raise EmbeddedServerFailed("postgresql", "could not make its data folder", log)
    (workshop / "data").rename(data)
    shutil.rmtree(workshop)
