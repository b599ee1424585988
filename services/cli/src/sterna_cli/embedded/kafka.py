"""A Kafka node of our own: broker and controller in one process, on the loopback address."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from sterna_cli.embedded.errors import EmbeddedServerFailed
from sterna_cli.embedded.free_port import LOOPBACK, free_port
from sterna_cli.embedded.java_program import JavaProgram
from sterna_cli.embedded.kafka_format import format_data
from sterna_cli.embedded.kafka_settings import properties
from sterna_cli.embedded.process import ManagedProcess

START_SECONDS = 90.0
STOP_SECONDS = 30.0
REQUEST_SECONDS = 5.0
PORT_ATTEMPTS = 4


class KafkaServer:
    """One node with its data under `home`.

    `settings` are lines of server.properties, `java_options` replace those that make a start
    fast, `niceness` is the process's. The ports are chosen once, and kept over restarts
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
        java_options: Sequence[str] | None = None,
        niceness: int = 0,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self.home = home.absolute()
        self.name = name
        self.port = port or 0
        self.settings = dict(settings or {})
        self._controller_port = 0
        self._data = self.home / "data"
        self._log = log or self.home / f"{name}.log"
        self._run_folder = run_folder or self.home / "run"
        self._java_options = java_options
        self._niceness = niceness
        self._stop_seconds = stop_seconds
        self._process: ManagedProcess | None = None
        self._starting = asyncio.Lock()

    @property
    def bootstrap(self) -> str:
        """The address for clients, `host:port`."""
        return f"{LOOPBACK}:{self.port}"

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

        Nothing happens if it runs. Raises EmbeddedServerFailed, JarRefused, Unreachable.
        """
        async with self._starting:
            if self.pid is not None:
                return
            java = await JavaProgram.of_kafka()
            await format_data(self._data, java, self._log)
            if self.port and self._controller_port:
                await self._start_on(self.port, self._controller_port, java)
            else:
                await self._start_on_free_ports(java)

    async def answers(self) -> bool:
        """Tell whether the node serves clients now."""
        return bool(self.port) and await _answers(self.port)

    async def stop(self) -> None:
        """Shut down cleanly; killed after `stop_seconds`."""
        if self._process is not None:
            await self._process.stop()

    async def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self._process is not None:
            await self._process.kill()

    async def _start_on_free_ports(self, java: JavaProgram) -> None:
        for attempt in range(1, PORT_ATTEMPTS + 1):
            port, controller_port = self.port or free_port(), free_port()
            try:
                await self._start_on(port, controller_port, java)
            except EmbeddedServerFailed:  # somebody else may have taken a port in between
                if attempt == PORT_ATTEMPTS:
                    raise
            else:
                self.port, self._controller_port = port, controller_port
                return

    async def _start_on(self, port: int, controller_port: int, java: JavaProgram) -> None:
        configuration = self.home / "server.properties"
        # Relative to where it runs: in a path a comma would end it, and other signs be decoded.
        lines = properties(Path(self._data.name), port, controller_port, self.settings)
        text = "".join(f"{key}={value}\n" for key, value in lines.items())
        await asyncio.to_thread(configuration.write_text, text, encoding="utf-8")
        self._process = ManagedProcess(
            self.name,
            [
                *(["nice", "-n", str(self._niceness)] if self._niceness else []),
                *java.command(
                    "kafka.Kafka",
                    configuration.name,
                    options=java.warm() if self._java_options is None else self._java_options,
                ),
            ],
            run_folder=self._run_folder,
            log=self._log,
            env=java.environment,
            cwd=self.home,
            grace_seconds=self._stop_seconds,
        )
        await self._process.start_and_answer(lambda: _answers(port), within_seconds=START_SECONDS)


async def _answers(port: int) -> bool:
    return await _listens(port) and await _serves(port)


async def _listens(port: int) -> bool:
    # The client logs every connection that is refused, so it is asked only after this.
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        return False
    return True


async def _serves(port: int) -> bool:
    client = AIOKafkaClient(
        bootstrap_servers=f"{LOOPBACK}:{port}", request_timeout_ms=int(REQUEST_SECONDS * 1000)
    )
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            await client.bootstrap()
            return bool(client.cluster.brokers())
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await client.close()
