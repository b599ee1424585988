"""Test servers as containers, where a Docker engine answers."""

from pathlib import Path

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from sterna_cli.embedded.free_port import free_port
from sterna_cli.embedded.kafka_settings import properties

START_SECONDS = 120
_BROKER_PORT = 9092
_CONTROLLER_PORT = 9093
_POSTGRES_PORT = 5432


class ApacheKafkaContainer(DockerContainer):
    """Apache's own image, one node, with the embedded stack's settings.

    Clients connect to the address that the broker advertises, which it must know when it
    starts: so the port outside is chosen before.
    """

    def __init__(self, image: str) -> None:
        super().__init__(image)
        self._port = free_port()
        host = self.get_docker_client().host()
        listeners = f"PLAINTEXT://0.0.0.0:{_BROKER_PORT},CONTROLLER://127.0.0.1:{_CONTROLLER_PORT}"
        self.bootstrap = f"{host}:{self._port}"
        settings = properties(
            Path("/tmp/kafka-data"),  # inside of the container
            _BROKER_PORT,
            _CONTROLLER_PORT,
            {"listeners": listeners, "advertised.listeners": f"PLAINTEXT://{self.bootstrap}"},
        )
        for name, value in settings.items():
            self.with_env(environment_name(name), value)
        self.with_bind_ports(_BROKER_PORT, self._port)
        self.waiting_for(
            LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(START_SECONDS)
        )


class PostgresContainer(DockerContainer):
    """PostgreSQL with pgvector."""

    def __init__(self, image: str, settings: dict[str, str]) -> None:
        super().__init__(image)
        words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        self.with_env("POSTGRES_USER", "sterna")
        self.with_env("POSTGRES_PASSWORD", "sterna-test")
        self.with_exposed_ports(_POSTGRES_PORT)
        self.with_command(["postgres", *words])
        self.waiting_for(
            LogMessageWaitStrategy(
                "database system is ready to accept connections", times=2
            ).with_startup_timeout(START_SECONDS)
        )

    @property
    def url(self) -> str:
        """The address of its first database, as the superuser."""
        host, port = self.get_container_host_ip(), self.get_exposed_port(_POSTGRES_PORT)
        return f"postgresql://sterna:sterna-test@{host}:{port}/postgres"


def environment_name(setting: str) -> str:
    """Name the variable that Apache's image reads a setting of server.properties from."""
    escaped = setting.replace("_", "__").replace("-", "___").replace(".", "_")
    return f"KAFKA_{escaped.upper()}"
