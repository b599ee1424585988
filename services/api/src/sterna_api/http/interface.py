from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Middleware

from sterna_api.aggregates import AGGREGATES
from sterna_api.asyncapi.messages import messages_of
from sterna_api.http.access_log import access_log_middleware
from sterna_api.http.api_keys import ApiKeyRoutes
from sterna_api.http.app import make_app
from sterna_api.http.audit_logs import AuditLogRoutes
from sterna_api.http.authentication import Authenticator
from sterna_api.http.authorisation import Gate
from sterna_api.http.bucket_objects import BucketObjectRoutes
from sterna_api.http.bus_description import BusDescriptionRoutes
from sterna_api.http.calendar import CalendarRoutes
from sterna_api.http.calendar_feeds import CalendarFeedRoutes
from sterna_api.http.certificates import CertificateRoutes
from sterna_api.http.client_address import ClientAddresses, Network
from sterna_api.http.cluster_artifacts import ClusterArtifactRoutes
from sterna_api.http.command_desk import CommandDesk, CommandPort
from sterna_api.http.connections import ConnectionRoutes
from sterna_api.http.cors import Cors
from sterna_api.http.docs_page import DocsPageRoutes
from sterna_api.http.errors import errors_middleware
from sterna_api.http.feature_extractors import ExtractorFinder
from sterna_api.http.health import Check, HealthRoutes
from sterna_api.http.limits import Limits, LimitSettings
from sterna_api.http.logs import LogRoutes, LogSubject
from sterna_api.http.mapping_desk import MappingDesk
from sterna_api.http.mappings import MappingRoutes
from sterna_api.http.migration_actions import MigrationActionRoutes
from sterna_api.http.migration_bodies import LogsQuery
from sterna_api.http.migration_errors import MigrationErrorRoutes
from sterna_api.http.migration_lifecycle import MigrationLifecycleRoutes
from sterna_api.http.migration_webhooks import MigrationWebhooks
from sterna_api.http.migrations import MigrationRoutes, PartyFinder
from sterna_api.http.namespace_aliases import NamespaceAliasRoutes
from sterna_api.http.namespace_catalog import NamespaceCatalog
from sterna_api.http.namespace_documents import NamespaceDocumentRoutes
from sterna_api.http.namespace_estimates import NamespaceEstimates
from sterna_api.http.namespace_finder import NamespaceFinder
from sterna_api.http.namespace_id_map import NamespaceIdMapRoutes
from sterna_api.http.namespace_migration_bodies import NamespaceLogsQuery
from sterna_api.http.namespace_migration_metrics import NamespaceMetricsRoutes
from sterna_api.http.namespace_migration_rollback import NamespaceRollbackRoutes
from sterna_api.http.namespace_migrations import NamespaceMigrationRoutes
from sterna_api.http.namespace_references import NamespaceReferenceRoutes
from sterna_api.http.namespace_resources import NamespaceResourceRoutes
from sterna_api.http.namespace_spaces import NamespaceSpaces
from sterna_api.http.namespace_starts import NamespaceStarts
from sterna_api.http.namespace_stores import StoreFinder
from sterna_api.http.namespace_targets import NamespaceTargets
from sterna_api.http.namespaces import NamespaceMaking, NamespaceRoutes
from sterna_api.http.negotiation import Negotiation
from sterna_api.http.notifications import NotificationRoutes
from sterna_api.http.openapi import OpenApiRoutes
from sterna_api.http.origin import Origins
from sterna_api.http.planned_schemas import PlannedSchemaRoutes
from sterna_api.http.probe_desk import ProbeDesk
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.refusals import Refusals
from sterna_api.http.repeats import Repeats
from sterna_api.http.request_id import request_id_middleware
from sterna_api.http.resource_leavings import ResourceLeavings
from sterna_api.http.retriever_execution import RetrieverExecutionRoutes
from sterna_api.http.retriever_finder import RetrieverFinder
from sterna_api.http.retriever_history import RetrieverHistoryRoutes
from sterna_api.http.schedules import ScheduleRoutes
from sterna_api.http.starts import CHECK_SECONDS, StartRoutes
from sterna_api.http.syncing import SyncRoutes
from sterna_api.http.target_extractors import TargetExtractorFinder
from sterna_api.http.tasks import TaskRoutes
from sterna_api.http.validations import ValidationRoutes
from sterna_api.http.webhooks import WebhookRoutes
from sterna_api.openapi.document import document
from sterna_api.openapi.table import OPERATIONS
from sterna_api.projections.api_keys import ApiKeys
from sterna_api.projections.audit_log import AuditLog
from sterna_api.projections.calendars import Calendars
from sterna_api.projections.certificates import Certificates
from sterna_api.projections.checkpoints import Checkpoints
from sterna_api.projections.connections import Connections
from sterna_api.projections.database import Database
from sterna_api.projections.executor_resources import ExecutorResources
from sterna_api.projections.log_lines import LogLines
from sterna_api.projections.migration_errors import MigrationErrors
from sterna_api.projections.migrations import Migrations
from sterna_api.projections.namespace_migrations import NamespaceMigrations
from sterna_api.projections.namespaces import Namespaces
from sterna_api.projections.notices import Notices
from sterna_api.projections.positions import ProjectedPositions
from sterna_api.projections.webhooks import Webhooks
from sterna_api.repeats.answers import Answers
from sterna_api.streams.follower import Follower, Wanted
from sterna_api.streams.hub import Hub
from sterna_api.webhooks.guard import AddressGuard
from sterna_core import ids
from sterna_core.api_key.key import Pepper
from sterna_core.artifacts.store import ArtifactStore
from sterna_core.certificate.signing import PublicKey
from sterna_core.clock import Clock
from sterna_core.extractors.cache.vector_cache import VectorCache
from sterna_core.extractors.registry import ExtractorRegistry
from sterna_core.journal.log import Log, RecordSender
from sterna_core.journal.topics import Topics
from sterna_core.namespace_store.doors import StoreDoors
from sterna_core.notice.commands import NoticeChannel
from sterna_core.retriever.embedding import InstalledEmbedders
from sterna_core.retriever_history.keeping import EXECUTIONS_KEPT, HistoryKeeper
from sterna_core.secrets.keyring import Keyring
from sterna_core.secrets.secret import Secret


@dataclass(frozen=True, kw_only=True)
class InterfaceParts:
    """What the REST interface works with."""

    port: CommandPort
    log: Log
    topics: Topics
    database: Database
    answers: Answers
    positions: ProjectedPositions
    hub: Hub
    keyring: Keyring
    pepper: Pepper
    bootstrap_key: Secret | None
    guard: AddressGuard
    clock: Clock
    checks: Mapping[str, Check]
    command_seconds: float
    position_seconds: float
    check_seconds: float = CHECK_SECONDS
    allow_http_webhooks: bool
    certificate_public_key: PublicKey | None = None
    sender: RecordSender
    stores: StoreDoors
    artifacts: ArtifactStore
    artifact_max_mib: int = 256
    extractors: ExtractorRegistry
    vectors: VectorCache | None = None
    """Those that were made before; without it, all are made anew."""
    limits: LimitSettings
    executions_kept: int = EXECUTIONS_KEPT
    trusted_proxies: tuple[Network, ...] = ()
    cors_origins: tuple[str, ...] = ()
    public_url: str | None = None
    message_channels: frozenset[NoticeChannel] = frozenset()


class Interface:
    """The REST interface of one process: the application, and what runs beside it."""

    def __init__(self, parts: InterfaceParts) -> None:
        self.probes = ProbeDesk(parts.port, parts.keyring, parts.clock)
        self.health = HealthRoutes(parts.checks)
        self.refusals = Refusals(parts.sender, parts.topics, parts.clock)
        self.app = self._app(parts)

    def _app(self, parts: InterfaceParts) -> web.Application:
        database, clock = parts.database, parts.clock
        hash_key = parts.pepper.derive("request-hash")
        desk = CommandDesk(
            parts.port, clock, deadline_seconds=parts.command_seconds, hash_key=hash_key
        )
        repeats = Repeats(
            OPERATIONS,
            parts.answers,
            parts.keyring,
            hash_key=hash_key,
            patience_seconds=parts.command_seconds,
        )
        writes = ReadYourWrites(
            parts.positions,
            LogEnds(parts.log, parts.topics),
            partitions=parts.topics.partitions,
            deadline_seconds=parts.position_seconds,
        )
        connections, migrations = Connections(database), Migrations(database)
        of_namespaces, resources = NamespaceMigrations(database), ExecutorResources(database)
        parties = PartyFinder(connections, writes)
        api_keys, lines = ApiKeys(database, clock), LogLines(database)
        limits, cors = Limits(parts.limits), Cors(parts.cors_origins)

        def follower(wanted: Wanted) -> Follower:
            return Follower(
                wanted, lines=lines, hub=parts.hub, positions=parts.positions, clock=clock
            )

        namespaces = Namespaces(database)
        finder = NamespaceFinder(namespaces, writes)
        spaces = NamespaceSpaces(parts.stores)
        catalog = NamespaceCatalog(namespaces, finder, writes)
        retrievers = RetrieverFinder(namespaces, finder, writes)
        embedders = InstalledEmbedders(parts.extractors, parts.vectors)
        starts = NamespaceStarts(
            desk,
            catalog,
            NamespaceTargets(catalog, spaces),
            NamespaceEstimates(parts.stores, parts.extractors, clock),
            embedders,
            TargetExtractorFinder(parts.extractors),
        )
        addresses = MigrationWebhooks(
            desk,
            parts.keyring,
            parts.pepper,
            parts.guard,
            allow_http=parts.allow_http_webhooks,
        )
        mappings = MappingDesk(desk, migrations, writes)
        groups = (
            self.health,
            BusDescriptionRoutes(messages_of(AGGREGATES), parts.topics),
            OpenApiRoutes(document(OPERATIONS)),
            DocsPageRoutes(),
            ConnectionRoutes(desk, connections, self.probes, parts.keyring, writes),
            MigrationErrorRoutes(desk, migrations, MigrationErrors(database), writes),
            CertificateRoutes(
                migrations, Certificates(database, migrations), parts.certificate_public_key
            ),
            ScheduleRoutes(desk, migrations, writes, clock),
            CalendarRoutes(Calendars(database), clock),
            CalendarFeedRoutes(desk, parts.pepper, writes, public_url=parts.public_url),
            MigrationRoutes(
                desk,
                migrations,
                parties,
                resources,
                writes,
                clock,
                message_channels=parts.message_channels,
            ),
            NamespaceMigrationRoutes(desk, of_namespaces, starts, addresses, writes, clock),
            NamespaceRollbackRoutes(desk, of_namespaces, catalog, starts, writes),
            NamespaceIdMapRoutes(of_namespaces, spaces, limits),
            NamespaceMetricsRoutes(of_namespaces, resources, clock),
            TaskRoutes(migrations, of_namespaces),
            NotificationRoutes(migrations, Notices(database)),
            MigrationLifecycleRoutes(
                desk,
                migrations,
                Checkpoints(database),
                parties,
                writes,
                clock,
                message_channels=parts.message_channels,
            ),
            MigrationActionRoutes(desk, migrations, writes, clock),
            SyncRoutes(desk, migrations, writes, clock),
            LogRoutes(
                LogSubject(
                    path="/v1/migrations/{migration_id}/logs",
                    name="migration_id",
                    prefix=ids.MIGRATION,
                    noun="migration",
                    query=LogsQuery,
                    known=migrations,
                ),
                lines,
                follower,
                limits,
            ),
            LogRoutes(
                LogSubject(
                    path="/v1/namespaces/migrations/{namespace_migration_id}/logs",
                    name="namespace_migration_id",
                    prefix=ids.NAMESPACE_MIGRATION,
                    noun="namespace_migration",
                    query=NamespaceLogsQuery,
                    known=of_namespaces,
                ),
                lines,
                follower,
                limits,
            ),
            StartRoutes(desk, migrations, writes, check_seconds=parts.check_seconds),
            MappingRoutes(desk, mappings),
            PlannedSchemaRoutes(mappings),
            ValidationRoutes(desk, migrations, writes),
            WebhookRoutes(
                desk,
                Webhooks(database),
                parts.keyring,
                parts.pepper,
                parts.guard,
                allow_http=parts.allow_http_webhooks,
                writes=writes,
            ),
            # Aliases come first: a path of theirs could be one of a namespace of that name.
            NamespaceAliasRoutes(desk, namespaces, finder, writes),
            NamespaceRoutes(
                desk,
                namespaces,
                finder,
                NamespaceMaking(
                    StoreFinder(connections, writes), ExtractorFinder(parts.extractors)
                ),
                spaces,
                parts.artifacts,
                writes,
            ),
            NamespaceDocumentRoutes(namespaces, finder, spaces, embedders, writes),
            BucketObjectRoutes(namespaces, finder, spaces, writes),
            RetrieverExecutionRoutes(
                desk, retrievers, spaces, embedders, HistoryKeeper(parts.executions_kept)
            ),
            RetrieverHistoryRoutes(desk, retrievers, spaces),
            NamespaceReferenceRoutes(namespaces, finder),
            ClusterArtifactRoutes(
                namespaces,
                finder,
                parts.artifacts,
                writes,
                mebibytes_max=parts.artifact_max_mib,
            ),
            NamespaceResourceRoutes(
                desk, namespaces, finder, ResourceLeavings(parts.artifacts, spaces), writes
            ),
            ApiKeyRoutes(desk, api_keys, parts.pepper, writes),
            AuditLogRoutes(AuditLog(database)),
        )
        return make_app(
            groups, self._middlewares(parts, api_keys, limits, repeats, writes, cors), cors
        )

    def _middlewares(
        self,
        parts: InterfaceParts,
        api_keys: ApiKeys,
        limits: Limits,
        repeats: Repeats,
        writes: ReadYourWrites,
        cors: Cors,
    ) -> tuple[Middleware, ...]:
        """Give what every request goes through, from the outside in."""
        authenticator = Authenticator(
            api_keys, parts.pepper, limits, self.refusals, bootstrap_key=parts.bootstrap_key
        )
        return (
            request_id_middleware,
            access_log_middleware,
            errors_middleware,
            cors.middleware,
            Origins(ClientAddresses(parts.trusted_proxies)).middleware,
            authenticator.middleware,
            limits.middleware,
            Gate(OPERATIONS, self.refusals).middleware,
            Negotiation(OPERATIONS).middleware,
            writes.middleware,
            repeats.middleware,
        )


class LogEnds:
    """Where the journal ends, by the log itself."""

    def __init__(self, log: Log, topics: Topics) -> None:
        self._log = log
        self._topics = topics

    async def end_offset(self, partition: int) -> int:
        """Give the offset that comes next in a partition; raises Unreachable."""
        bounds = await self._log.bounds(self._topics.events, [partition])
        return bounds[partition].end

    def partition_of(self, org_id: str, aggregate_id: str) -> int:
        """Give the partition of an aggregate."""
        return self._topics.partition_of(org_id, aggregate_id)
