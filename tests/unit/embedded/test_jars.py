import hashlib
import re
from pathlib import Path

import pytest

from sterna_cli.embedded.errors import JarRefused
from sterna_cli.embedded.jars import Jar, class_path, read_lock

RIGHT = b"the jar that was pinned"
JAR = Jar("org.example", "tern", "1.0", hashlib.sha256(RIGHT).hexdigest())


class Source:
    """Hands out files as a repository would."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[Jar] = []

    def __call__(self, jar: Jar, folder: Path) -> Path:
        self.asked.append(jar)
        path = folder / "fetched.jar"
        path.write_bytes(self.content)
        return path


def jars_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*.jar"))


async def test_a_fetched_jar_with_another_hash_is_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(JarRefused, match=re.escape(JAR.name)):
        await class_path([JAR], cache=tmp_path, fetch=Source(b"another jar"))
    assert jars_in(tmp_path) == []


async def test_a_cached_jar_is_not_fetched_again(tmp_path: Path) -> None:
    source = Source(RIGHT)
    first = await class_path([JAR], cache=tmp_path, fetch=source)
    assert await class_path([JAR], cache=tmp_path, fetch=source) == first
    assert source.asked == [JAR]
    assert first[0].read_bytes() == RIGHT


async def test_a_cached_jar_that_was_changed_is_fetched_again(tmp_path: Path) -> None:
    source = Source(RIGHT)
    (path,) = await class_path([JAR], cache=tmp_path, fetch=source)
    path.write_bytes(b"torn")
    assert await class_path([JAR], cache=tmp_path, fetch=source) == [path]
    assert path.read_bytes() == RIGHT


def test_the_lock_pins_every_jar_of_kafka_once_and_names_no_host() -> None:
    jars = read_lock()
    assert ("org.apache.kafka", "kafka_2.13", "4.4.0") in {
        (jar.group, jar.artifact, jar.version) for jar in jars
    }
    assert len({(jar.group, jar.artifact) for jar in jars}) == len(jars)
    assert all(len(jar.sha256) == 64 for jar in jars)
