"""A cache of loaded classes, with which Kafka starts in half the time.

Java makes it at the end of a run, which takes it some ten seconds: so a node of its own is run
for it once in the background, at the lowest priority, and thrown away.
"""

import asyncio
import fcntl
import shutil
import tempfile
from pathlib import Path

import structlog

from sterna_cli.embedded.java_program import JavaProgram
from sterna_cli.embedded.kafka import KafkaServer
from sterna_core.errors import SternaError

TRAINING_SECONDS = 300.0
_WORKSHOP = ".warm-start-"

_log = structlog.get_logger(__name__)


async def make_warm_start(run_folder: Path) -> None:
    """Make the cache if there is none yet, and nobody else makes it now.

    `run_folder` keeps the node's pid meanwhile. A failure is logged and costs nothing but the
    time saved: Kafka starts without it.
    """
    java = await JavaProgram.of_kafka()
    if java.loaded_classes.exists():
        return
    with (java.loaded_classes.with_suffix(".lock")).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        place = java.loaded_classes.parent
        for torn in place.glob(f"{_WORKSHOP}*"):
            await asyncio.to_thread(shutil.rmtree, torn, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_WORKSHOP, dir=place) as folder:
            try:
                async with asyncio.timeout(TRAINING_SECONDS):
                    await _train(java, Path(folder), run_folder)
            except (SternaError, TimeoutError, OSError) as failure:
                _log.warning("warm_start_not_made", reason=type(failure).__name__)


async def _train(java: JavaProgram, folder: Path, run_folder: Path) -> None:
    made = folder / "classes.aot"
    node = KafkaServer(
        folder,
        name="kafka-warm-start",
        run_folder=run_folder,
        java_options=[f"-XX:AOTCacheOutput={made}"],
        niceness=19,
        stop_seconds=TRAINING_SECONDS,
    )
    try:
        await node.start()
        await node.stop()
    finally:
        await node.kill()
    if made.exists():
        made.replace(java.loaded_classes)
        _log.info("warm_start_made")
