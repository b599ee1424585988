import os
import socket
from typing import Annotated

from msgspec import Meta, Struct

from sterna_core.extractors.settings import ExtractorSettings
from sterna_core.extractors.thread_pool import THREADS
from sterna_core.secrets.secret import Secret


class ExecutorSettings(Struct, frozen=True, kw_only=True):
    """How an executor runs; each field is an environment variable, see docs/settings.md."""

    kafka_bootstrap: str
    kafka_security_protocol: str = "PLAINTEXT"
    kafka_sasl_mechanism: str = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: Secret | None = None
    kafka_tls_ca_file: str | None = None
    topic_prefix: str = "sterna"
    partitions: Annotated[int, Meta(ge=1, le=1024)] = 8
    task_partitions: Annotated[int, Meta(ge=1, le=1024)] = 16
    topic_replication: Annotated[int, Meta(ge=1, le=9)] = 1
    keyring: Secret
    executor_id: str | None = None
    executor_group: str = "sterna-executors"
    executor_session_seconds: Annotated[float, Meta(ge=1.0, le=300.0)] = 6.0
    executor_max_concurrency: Annotated[int, Meta(ge=1, le=256)] = 4
    executor_max_snapshots: Annotated[int, Meta(ge=1, le=256)] = 16
    executor_connections_per_host: Annotated[int, Meta(ge=2, le=1024)] = 24
    executor_shutdown_seconds: Annotated[float, Meta(ge=1.0, le=600.0)] = 20.0
    executor_figures_seconds: Annotated[float, Meta(ge=0.1, le=60.0)] = 1.0
    executor_cluster_mib: Annotated[int, Meta(ge=16, le=1_048_576)] = 1024
    namespace_database_url: Secret | None = None
    extractor_threads: Annotated[int, Meta(ge=1, le=64)] = THREADS
    embedding_url: str | None = None
    embedding_key: Secret | None = None
    embedding_prices: tuple[str, ...] = ()
    pg_bin_dir: str | None = None
    maintenance_work_mem_mib: Annotated[int, Meta(ge=16, le=65_536)] = 512
    log_level: str = "info"

    def identity(self) -> str:
        """Name this executor: as set, or by host and process."""
        return self.executor_id or f"{socket.gethostname()}-{os.getpid()}"

    def extractors(self) -> ExtractorSettings:
        """Give how texts are embedded."""
        return ExtractorSettings(
            extractor_threads=self.extractor_threads,
            embedding_url=self.embedding_url,
            embedding_key=self.embedding_key,
            embedding_prices=self.embedding_prices,
        )
