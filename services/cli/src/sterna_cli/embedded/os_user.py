"""The unprivileged user of the operating system that PostgreSQL runs as when we are root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sterna_core.errors import Misconfigured

DEFAULT_USER = "nobody"


@dataclass(frozen=True)
class OsUser:
    """A user by numbers, so that nothing is looked up in the child."""

    name: str
    uid: int
    gid: int

    @classmethod
    def for_postgres(cls, name: str | None = None) -> "OsUser | None":
        """Find the user to drop to, or None when we are an ordinary user already."""
        if os.geteuid() != 0:
            return None
        name = name or os.environ.get("STERNA_POSTGRES_OS_USER", DEFAULT_USER)
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            raise Misconfigured(
                f"PostgreSQL refuses to run as root and there is no user {name}: "
                "set STERNA_POSTGRES_OS_USER to an existing unprivileged user"
            ) from None
        if entry.pw_uid == 0:
            raise Misconfigured("STERNA_POSTGRES_OS_USER must not be root")
        return cls(name, entry.pw_uid, entry.pw_gid)

    def popen_arguments(self) -> dict[str, Any]:
        """Give what subprocess needs to start a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a file or an empty folder to this user."""
        os.chown(path, self.uid, self.gid)

    def may_enter(self, folder: Path) -> Path | None:
        """Give the first folder that keeps this user out of `folder`, or None."""
        for each in [*reversed(folder.absolute().parents), folder.absolute()]:
            if each.exists() and not self._has(each, stat.S_IXUSR, stat.S_IXGRP, stat.S_IXOTH):
                return each
        return None

    def may_use_tree(self, folder: Path) -> bool:
        """Tell whether this user may reach the folder and read all that is in it."""
        if self.may_enter(folder) is not None:
            return False
        for parent, folders, files in os.walk(folder):
            for name in files:
                if not self._has(Path(parent, name), stat.S_IRUSR, stat.S_IRGRP, stat.S_IROTH):
                    return False
            for name in folders:
                if not self._has(Path(parent, name), stat.S_IXUSR, stat.S_IXGRP, stat.S_IXOTH):
                    return False
        return True

    def _has(self, path: Path, as_owner: int, as_group: int, as_other: int) -> bool:
        found = path.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & as_owner)
        if found.st_gid == self.gid:
            return bool(found.st_mode & as_group)
        return bool(found.st_mode & as_other)
