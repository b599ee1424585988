"""The stack on one machine: PostgreSQL and Kafka from packages, nothing installed beside them."""

from sterna_cli.embedded.errors import (
    EmbeddedServerFailed,
    EmbeddedStackRunning,
    HomeNotReachable,
    JarRefused,
)
from sterna_cli.embedded.kafka import KafkaServer
from sterna_cli.embedded.postgres_binaries import postgres_bin_dir
from sterna_cli.embedded.postgresql import PostgresServer
from sterna_cli.embedded.process import ManagedProcess
from sterna_cli.embedded.stack import EmbeddedStack
from sterna_cli.embedded.state_folder import default_home
from sterna_cli.embedded.supervisor import Restarts, SupervisedProcess

__all__ = [
    "EmbeddedServerFailed",
    "EmbeddedStack",
    "EmbeddedStackRunning",
    "HomeNotReachable",
    "JarRefused",
    "KafkaServer",
    "ManagedProcess",
    "PostgresServer",
    "Restarts",
    "SupervisedProcess",
    "default_home",
    "postgres_bin_dir",
]
