"""A data folder as `kafka-storage format` makes it, without a Java process for each one.

What the tool writes depends on Kafka's version alone, apart from the ids: it is run once, and the
cache keeps what it wrote.
"""

import asyncio
import base64
import shutil
import subprocess  # ruff: ignore[suspicious-subprocess-import]  # a fixed argument list
import tempfile
import uuid
from pathlib import Path

from sterna_cli.embedded.errors import EmbeddedServerFailed
from sterna_cli.embedded.java_program import JavaProgram
from sterna_cli.embedded.kafka_settings import NODE_ID, properties
from sterna_cli.embedded.state_folder import cache_folder

FORMAT_SECONDS = 60.0
_METADATA = "__cluster_metadata-0"
_IDENTITY = "meta.properties"


async def format_data(data: Path, java: JavaProgram, log: Path) -> None:
    """Make an empty data folder for a node. Nothing happens if it is one already.

    Raises EmbeddedServerFailed if the tool fails; what it said is in `log`.
    """
    await asyncio.to_thread(_format, data, java, log)


def _format(data: Path, java: JavaProgram, log: Path) -> None:
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    identity = data / _IDENTITY
    if identity.exists():
        return
    metadata = data / _METADATA
    shutil.rmtree(metadata, ignore_errors=True)
    shutil.copytree(_formatted(java, log), metadata)
    # Written last: a folder that has its identity is whole.
    fresh = identity.with_suffix(".new")
    fresh.write_text(
        f"version=1\ncluster.id={_new_id()}\nnode.id={NODE_ID}\ndirectory.id={_new_id()}\n",
        encoding="ascii",
    )
    fresh.replace(identity)


def _formatted(java: JavaProgram, log: Path) -> Path:
    kept = cache_folder() / f"kafka-formatted-{java.versions}"
    if kept.exists():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".format-", dir=kept.parent) as folder:
        workshop = Path(folder)
        configuration = workshop / "server.properties"
        lines = properties(workshop / "data", port=1, controller_port=2, settings={})
        configuration.write_text("".join(f"{k}={v}\n" for k, v in lines.items()), encoding="utf-8")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            done = subprocess.run(
                java.command(
                    "kafka.tools.StorageTool", "format", "-t", _new_id(), "-c", configuration
                ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=java.environment,
                timeout=FORMAT_SECONDS,
                check=False,
            )
        if done.returncode != 0:
            raise EmbeddedServerFailed("kafka", "could not make its data folder", log)
        try:
            Path(workshop / "data" / _METADATA).rename(kept)
        except OSError:
            if not kept.exists():  # else another process was first
                raise
    return kept


def _new_id() -> str:
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):  # Kafka's tools take that for an option
            return text
