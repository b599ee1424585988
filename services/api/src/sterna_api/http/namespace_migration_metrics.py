"""What is answered about a namespace migration in figures."""

from datetime import datetime, timedelta

from aiohttp import web
from msgspec import Struct

from sterna_api.http.answer import answer
from sterna_api.http.caller import caller_of
from sterna_api.http.metrics_answers import (
    FRESH_SECONDS,
    ResourcesShown,
    Throughput,
    show_resources,
    show_throughput,
)
from sterna_api.http.resource_id import not_found, resource_id
from sterna_api.projections.executor_resources import ExecutorResources, KnownResources
from sterna_api.projections.namespace_migrations import NamespaceMigrations
from sterna_core import ids
from sterna_core.clock import Clock, UtcDatetime
from sterna_core.namespace_migration.view import CollectionFigures, NamespaceMigrationView

_NOUN = "namespace_migration"
_COMPARED = "documents_compared"
View = NamespaceMigrationView


class CollectionMeasure(Struct, frozen=True, kw_only=True):
    """How far one collection, or one bucket, is, and how fast it got there.

    `errors` counts what was set aside; `records_compared` is null until it was compared.
    """

    collection: str
    records_total: int
    records_processed: int
    throughput_records_per_second: int
    errors: int
    bytes_processed: int
    batches_total: int
    batches_moved: int
    records_compared: int | None


class DocumentQuality(Struct, frozen=True, kw_only=True):
    """How well it goes; null where nothing was measured yet.

    `error_rate_percent` is of the documents that were tried, and `validation_pass_rate_percent` of
    the collections that are to be compared, once one was.
    """

    error_rate_percent: float | None
    validation_pass_rate_percent: float | None
    documents_set_aside: int
    documents_compared: int


class NamespaceMetricsBody(Struct, frozen=True, kw_only=True):
    """A namespace migration in figures; collections are in the order of execution."""

    migration_id: str
    snapshot_at: UtcDatetime
    throughput: Throughput
    resources: ResourcesShown
    quality: DocumentQuality
    by_collection: tuple[CollectionMeasure, ...]


class NamespaceMetricsRoutes:
    """`/v1/namespaces/migrations/{id}/metrics`."""

    def __init__(
        self, migrations: NamespaceMigrations, resources: ExecutorResources, clock: Clock
    ) -> None:
        self._migrations = migrations
        self._resources = resources
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        path = "/v1/namespaces/migrations/{namespace_migration_id}/metrics"
        return [web.get(path, self.metrics, allow_head=False)]

    async def metrics(self, request: web.Request) -> web.Response:
        """Show a migration in figures."""
        org_id = caller_of(request).org_id
        migration_id = resource_id(
            request, name="namespace_migration_id", prefix=ids.NAMESPACE_MIGRATION, noun=_NOUN
        )
        view = await self._migrations.find(org_id, migration_id)
        if view is None:
            raise not_found(_NOUN)
        now = self._clock()
        since = now - timedelta(seconds=FRESH_SECONDS)
        resources = await self._resources.since(org_id, migration_id, since)
        return answer(show_namespace_metrics(view, resources, now))


def show_namespace_metrics(
    view: View, resources: KnownResources, now: datetime
) -> NamespaceMetricsBody:
    """Show a migration's figures as of a moment."""
    return NamespaceMetricsBody(
        migration_id=view.migration_id,
        snapshot_at=now,
        throughput=_throughput(view, now),
        resources=show_resources(resources),
        quality=_quality(view),
        by_collection=tuple(
            _measure(name, view.collections[name], _compared(view, name))
            for name in view.resources
            if name in view.collections
        ),
    )


def _throughput(view: View, now: datetime) -> Throughput:
    stage, average = view.stages["batch_processing"], 0.0
    is_moving = stage.status == "in_progress" and view.phase is None
    if stage.started_at is not None:
        ended = stage.completed_at or view.completed_at or (now if is_moving else view.updated_at)
        seconds = (ended - stage.started_at).total_seconds()
        average = view.moved / seconds if seconds > 0 else 0.0
    current = 0.0
    if is_moving:
        current = view.pace.rows_per_second if view.pace.is_fresh(now) else average
    size = sum(each.bytes for each in view.collections.values())
    return show_throughput(
        view.pace,
        average=average,
        current=current,
        bytes_per_record=size / view.moved if view.moved else 0.0,
        now=now,
    )


def _quality(view: View) -> DocumentQuality:
    tried = view.moved + view.set_aside
    compared = [_compared(view, name) for name in view.collections if _holds_documents(view, name)]
    total = len(compared)
    equal = sum(each is not None for each in compared)
    known = equal or view.error_code == "documents_differ"
    return DocumentQuality(
        error_rate_percent=round(100 * view.set_aside / tried, 4) if tried else None,
        validation_pass_rate_percent=round(100 * equal / total, 2) if known and total else None,
        documents_set_aside=view.set_aside,
        documents_compared=sum(each or 0 for each in compared),
    )


def _holds_documents(view: View, name: str) -> bool:
    return view.resources[name].resource_type in {"bucket", "collection"}


def _compared(view: View, name: str) -> int | None:
    figure = view.figures.get(name, {}).get(_COMPARED)
    return None if figure is None else int(figure)


def _measure(name: str, figures: CollectionFigures, compared: int | None) -> CollectionMeasure:
    rate = 0.0
    if figures.began_at is not None and figures.moved_at is not None:
        seconds = (figures.moved_at - figures.began_at).total_seconds()
        rate = figures.moved / seconds if seconds > 0 else 0.0
    return CollectionMeasure(
        collection=name,
        records_total=figures.documents,
        records_processed=figures.moved,
        throughput_records_per_second=int(rate),
        errors=figures.set_aside,
        bytes_processed=figures.bytes,
        batches_total=figures.batches,
        batches_moved=figures.batches_done,
        records_compared=compared,
    )
