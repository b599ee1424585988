"""Kafka's jars: pinned by hash, kept in the cache, fetched by jgo when they are not there."""

import asyncio
import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import structlog

from sterna_cli.embedded.errors import JarRefused, first_error
from sterna_cli.embedded.state_folder import cache_folder
from sterna_core.errors import Unreachable

DOWNLOADS_AT_ONCE = 6
DOWNLOAD_TIMEOUT_SECONDS = 60

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Jar:
    """One line of the lock: `group:artifact:version sha256`."""

    group: str
    artifact: str
    version: str
    sha256: str

    @classmethod
    def parse(cls, line: str) -> "Jar":
        """Read one line of the lock."""
        coordinates, sha256 = line.split()
        group, artifact, version = coordinates.split(":")
        return cls(group, artifact, version, sha256)

    @property
    def name(self) -> str:
        """The jar's coordinates."""
        return f"{self.group}:{self.artifact}:{self.version}"

    @property
    def path(self) -> Path:
        """Where the jar lies below the cache."""
        return Path(self.sha256[:16]) / f"{self.artifact}-{self.version}.jar"


Fetch = Callable[[Jar, Path], Path]
"""Puts a jar's file into a folder and gives its path; raises Unreachable. Blocks."""


def fetch_by_jgo(jar: Jar, folder: Path) -> Path:
    """Fetch a jar from where jgo finds it."""
    from jgo.maven import MavenContext  # ruff: ignore[import-outside-top-level]  # slow to import, and seldom needed

    context = MavenContext(repo_cache=folder, timeout=DOWNLOAD_TIMEOUT_SECONDS)
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    try:
        return Path(component.artifact().resolve())
    except (OSError, RuntimeError) as failure:
        raise Unreachable(
            f"{jar.name} could not be fetched: check the network, or copy the cache of "
            "a machine that has it and set STERNA_CACHE_DIR to it"
        ) from failure


def read_lock(text: str | None = None) -> list[Jar]:
    """Read the pinned jars, in the order of the class path."""
    if text is None:
        text = (files("sterna_cli.embedded") / "kafka.lock").read_text(encoding="ascii")
    lines = [line.strip() for line in text.splitlines()]
    return [Jar.parse(line) for line in lines if line and not line.startswith("#")]


async def class_path(
    jars: Sequence[Jar] | None = None, *, cache: Path | None = None, fetch: Fetch | None = None
) -> list[Path]:
    """Give every pinned jar's file, verified by its hash; what is not cached is fetched.

    Nothing goes to the network when all are cached. Raises JarRefused if a fetched jar has
    another hash, Unreachable if one cannot be fetched.
    """
    wanted = read_lock() if jars is None else jars
    place = cache or cache_folder() / "jars"
    missing = await asyncio.to_thread(_missing, wanted, place)
    if missing:
        _log.info("jars_fetched", count=len(missing))
        await _fetch_all(missing, place, fetch or fetch_by_jgo)
    return [place / jar.path for jar in wanted]


def _missing(jars: Sequence[Jar], place: Path) -> list[Jar]:
    place.mkdir(parents=True, exist_ok=True)
    return [jar for jar in jars if not _is(place / jar.path, jar.sha256)]


async def _fetch_all(jars: Sequence[Jar], place: Path, fetch: Fetch) -> None:
    places = asyncio.Semaphore(DOWNLOADS_AT_ONCE)

    async def store(jar: Jar) -> None:
        async with places:
            await asyncio.to_thread(_store, jar, place, fetch)

    try:
        async with asyncio.TaskGroup() as fetching:
            for jar in jars:
                fetching.create_task(store(jar))
    except* (JarRefused, Unreachable) as failures:
        failure = first_error(failures)
    else:
        return
    raise failure


def _store(jar: Jar, place: Path, fetch: Fetch) -> None:
    # Into a folder of its own first: a torn or a wrong file never gets the jar's name.
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=place) as folder:
        fetched = fetch(jar, Path(folder))
        if not _is(fetched, jar.sha256):
            raise JarRefused(
                f"{jar.name} is not the file that was pinned (its sha256 differs); "
                "it was not run: fetch again, and if it stays so do not trust its source",
                details={"jar": jar.name},
            )
        target = place / jar.path
        target.parent.mkdir(exist_ok=True)
        fetched.replace(target)


def _is(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False
