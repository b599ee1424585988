from typing import Annotated, Literal

from msgspec import Meta, Struct

from sterna_api.http.limits import LimitSettings
from sterna_api.messages.email import SmtpServer, SmtpTls
from sterna_api.webhooks.schedule import ATTEMPT_DELAYS_SECONDS
from sterna_core.errors import Misconfigured
from sterna_core.extractors.settings import ExtractorSettings
from sterna_core.extractors.thread_pool import THREADS
from sterna_core.journal.topics import Topics
from sterna_core.kafka.access import KafkaAccess
from sterna_core.notice.commands import NoticeChannel
from sterna_core.retriever_history.keeping import EXECUTIONS_KEPT
from sterna_core.secrets.secret import Secret

Role = Literal["http", "decider", "projector", "notifier"]
ROLES: tuple[Role, ...] = ("http", "decider", "projector", "notifier")


class ApiSettings(Struct, frozen=True, kw_only=True):
    """How an API process runs; each field is an environment variable, see docs/settings.md."""

    kafka_bootstrap: str
    kafka_security_protocol: str = "PLAINTEXT"
    kafka_sasl_mechanism: str = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: Secret | None = None
    kafka_tls_ca_file: str | None = None
    topic_prefix: str = "sterna"
    partitions: Annotated[int, Meta(ge=1, le=1024)] = 8
    task_partitions: Annotated[int, Meta(ge=1, le=1024)] = 16
    telemetry_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    topic_replication: Annotated[int, Meta(ge=1, le=9)] = 1
    database_url: Secret
    database_schema: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,40}$")] = "sterna"
    database_pool_size: Annotated[int, Meta(ge=2, le=200)] = 10
    namespace_database_url: Secret | None = None
    artifact_max_mib: Annotated[int, Meta(ge=1, le=4096)] = 256
    keyring: Secret
    key_pepper: Secret
    bootstrap_key: Secret | None = None
    certificate_key: Secret | None = None
    vector_cache_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    extractor_threads: Annotated[int, Meta(ge=1, le=64)] = THREADS
    executions_kept: Annotated[int, Meta(ge=0, le=100_000)] = EXECUTIONS_KEPT
    embedding_url: str | None = None
    embedding_key: Secret | None = None
    embedding_prices: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ROLES
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Meta(ge=0, le=65_535)] = 8080
    http_trusted_proxies: tuple[str, ...] = ()
    http_cors_origins: tuple[str, ...] = ()
    http_key_requests_per_minute: Annotated[int, Meta(ge=1, le=10_000_000)] = 6_000
    http_organization_requests_per_minute: Annotated[int, Meta(ge=1, le=10_000_000)] = 12_000
    http_failed_authentications_per_minute: Annotated[int, Meta(ge=1, le=10_000_000)] = 60
    http_streams_per_key: Annotated[int, Meta(ge=1, le=1_000_000)] = 100
    command_seconds: Annotated[float, Meta(ge=0.1, le=120.0)] = 10.0
    position_seconds: Annotated[float, Meta(ge=0.1, le=60.0)] = 5.0
    idempotency_hours: Annotated[float, Meta(ge=1.0, le=720.0)] = 24.0
    shutdown_seconds: Annotated[float, Meta(ge=1.0, le=300.0)] = 15.0
    decider_instance_id: str | None = None
    decider_session_seconds: Annotated[float, Meta(ge=1.0, le=300.0)] = 10.0
    decider_snapshot_seconds: Annotated[float, Meta(ge=1.0, le=86_400.0)] = 60.0
    webhook_delays_seconds: tuple[float, ...] = ATTEMPT_DELAYS_SECONDS
    webhook_allowed_networks: tuple[str, ...] = ()
    webhook_allow_http: bool = False
    webhook_disable_after_days: Annotated[float, Meta(ge=0.0, le=365.0)] = 5.0
    webhook_disable_after_failures: Annotated[int, Meta(ge=1, le=10_000)] = 10
    smtp_host: str | None = None
    smtp_port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    smtp_tls: SmtpTls = "starttls"
    smtp_username: str | None = None
    smtp_password: Secret | None = None
    smtp_from: str | None = None
    smtp_ca_file: str | None = None
    slack_webhook_url: Secret | None = None
    public_url: str | None = None
    environment: Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,40}$")] = "production"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def kafka(self) -> KafkaAccess:
        """Give how to reach Kafka."""
        return KafkaAccess(
            bootstrap=self.kafka_bootstrap,
            client_id="sterna-api",
            security_protocol=self.kafka_security_protocol,
            sasl_mechanism=self.kafka_sasl_mechanism,
            sasl_username=self.kafka_sasl_username,
            sasl_password=self.kafka_sasl_password,
            tls_ca_file=self.kafka_tls_ca_file,
        )

    def extractors(self) -> ExtractorSettings:
        """Give how texts are embedded."""
        return ExtractorSettings(
            extractor_threads=self.extractor_threads,
            embedding_url=self.embedding_url,
            embedding_key=self.embedding_key,
            embedding_prices=self.embedding_prices,
        )

    def limits(self) -> LimitSettings:
        """Give how much may be asked of this process."""
        return LimitSettings(
            key_requests_per_minute=self.http_key_requests_per_minute,
            organization_requests_per_minute=self.http_organization_requests_per_minute,
            failed_authentications_per_minute=self.http_failed_authentications_per_minute,
            streams_per_key=self.http_streams_per_key,
        )

    def smtp(self) -> SmtpServer | None:
        """Give the server that takes e-mail, if there is one; raises Misconfigured."""
        if self.smtp_host is None:
            return None
        if self.smtp_from is None:
            raise Misconfigured("set STERNA_SMTP_FROM, the address that e-mail comes from")
        return SmtpServer(
            host=self.smtp_host,
            port=self.smtp_port,
            tls=self.smtp_tls,
            sender=self.smtp_from,
            username=self.smtp_username,
            password=self.smtp_password,
            ca_file=self.smtp_ca_file,
        )

    def message_channels(self) -> frozenset[NoticeChannel]:
        """Give the ways there are to tell people something."""
        channels: set[NoticeChannel] = set()
        if self.smtp_host is not None:
            channels.add("email")
        if self.slack_webhook_url is not None:
            channels.add("slack")
        return frozenset(channels)

    def topics(self) -> Topics:
        """Give the topics of the installation."""
        return Topics(
            prefix=self.topic_prefix,
            partitions=self.partitions,
            task_partitions=self.task_partitions,
            telemetry_days=self.telemetry_days,
            replication=self.topic_replication,
        )
