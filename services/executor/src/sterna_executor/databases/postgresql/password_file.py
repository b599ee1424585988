"""Passwords for PostgreSQL's own programs, where no other process of this machine can read them."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple

from sterna_core.secrets.secret import Secret


class GivenPassword(NamedTuple):
    """What a program that libpq is part of has to be started with."""

    environment: dict[str, str]
    pass_fds: tuple[int, ...]


@contextmanager
def password_given(password: Secret) -> Generator[GivenPassword]:
    """Give a program a password until the block ends: in a file in memory that only it has open.

    The environment, which others of the same user can read, holds it only where the system has no
    such files, and for a password with a line break, which has no place in one.
    """
    text = password.reveal()
    if not hasattr(os, "memfd_create") or "\n" in text or "\r" in text:
        yield GivenPassword({"PGPASSWORD": text}, ())
        return
    file = os.memfd_create("pgpass")
    try:
        os.fchmod(file, 0o600)  # libpq leaves out a file that others may read
        escaped = text.replace("\\", "\\\\").replace(":", "\\:")
        os.write(file, f"*:*:*:*:{escaped}\n".encode())
        yield GivenPassword({"PGPASSFILE": f"/proc/self/fd/{file}"}, (file,))
    finally:
        os.close(file)
