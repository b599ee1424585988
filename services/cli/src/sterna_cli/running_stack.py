import os
from pathlib import Path

import msgspec
from msgspec import Struct

from sterna_cli.embedded.process_identity import ProcessIdentity
from sterna_cli.private_file import write_private

_FILE = "run/api.address"


class RunningStack(Struct, frozen=True):
    """How to reach a stack that runs; kept in a file that only its owner can read.

    `environment` is what its services were started with: it holds secrets.
    """

    url: str
    key: str
    environment: dict[str, str]
    holder: ProcessIdentity | None

    @classmethod
    def announce(cls, home: Path, url: str, key: str, environment: dict[str, str]) -> None:
        """Let other commands on this machine find the stack that this process runs."""
        stack = cls(url, key, environment, ProcessIdentity.of(os.getpid()))
        write_private(home / _FILE, msgspec.json.encode(stack))

    @classmethod
    def find(cls, home: Path) -> "RunningStack | None":
        """Give the stack that runs in `home`, None where none does."""
        try:
            stack = msgspec.json.decode((home / _FILE).read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError):
            return None
        return stack if stack.holder is not None and stack.holder.alive() else None

    @staticmethod
    def forget(home: Path) -> None:
        """Say that the stack runs no longer."""
        (home / _FILE).unlink(missing_ok=True)
