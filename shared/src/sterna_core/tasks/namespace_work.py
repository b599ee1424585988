"""What an executor can be asked to do for a namespace migration, each piece perhaps repeatedly."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.clock import UtcDatetime
from sterna_core.namespace.dangling import Dangling
from sterna_core.namespace.input_text import TEXT
from sterna_core.namespace.resource import Resource, ResourceKind
from sterna_core.namespace_migration.batch import Batch
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.place import Place
from sterna_core.taxonomy.application import Application

MAP_OF_IDS = "map of ids"
"""The receipt by which a target says what becomes of ids, and whose target it is."""


Named = tuple[ResourceKind, str]
"""A resource by its kind and id."""


class NamespaceWork(Struct, frozen=True, kw_only=True, tag_field="type"):
    """One piece of work; the subclasses are the kinds. Ids are those of the source."""


class PrepareTarget(NamespaceWork, frozen=True, kw_only=True, tag="work.prepare_target.v1"):
    """Make the target namespace, and keep there what becomes of ids.

    `kinds` are those of the source.
    """

    ids: dict[str, str]
    kinds: dict[str, ResourceKind]


class MakeResource(NamespaceWork, frozen=True, kw_only=True, tag="work.make_resource.v1"):
    """Make a resource in the target.

    `resource` is as it is in the source, `made` as it is to be, without attachments.
    """

    resource: Resource
    made: Resource


class PlanBatches(NamespaceWork, frozen=True, kw_only=True, tag="work.plan_batches.v1"):
    """Find boundaries by the order of ids, from `after` on, where `part` parts are known.

    `counted` is how much the validation found in the source: with any, its space was there.
    """

    kind: ResourceKind
    collection_id: str
    batch_size: int
    part: int
    after: str | None
    date_range: dict[str, str] = {}
    counted: int = 0


class MoveBatch(NamespaceWork, frozen=True, kw_only=True, tag="work.move_batch.v1"):
    """Copy the documents of a batch, or extract them anew, with every reference rewritten.

    `text_path` leads to the text that a document is extracted from.
    """

    kind: ResourceKind
    collection_id: str
    target_collection_id: str
    number: int
    batch: Batch
    date_range: dict[str, str] = {}
    text_path: tuple[str, ...] = (TEXT,)
    recorded_before: UtcDatetime | None = None
    """Of the history of a retriever goes along what was recorded before this."""


class MoveBatches(NamespaceWork, frozen=True, kw_only=True, tag="work.move_batches.v1"):
    """Move a batch, and those that follow it, with one report for all of them."""

    first: MoveBatch
    more: tuple[Batch, ...]

    def one_by_one(self) -> Iterator[MoveBatch]:
        """Give what is to be done for each batch."""
        yield self.first
        for number, batch in enumerate(self.more, self.first.number + 1):
            yield replace(self.first, number=number, batch=batch)


class BuildIndex(NamespaceWork, frozen=True, kw_only=True, tag="work.build_index.v1"):
    """Build the index by which a feature of the target is searched."""

    feature_uri: str


class BringCluster(NamespaceWork, frozen=True, kw_only=True, tag="work.bring_cluster.v1"):
    """Bring a cluster's artifacts, or compute it anew."""

    cluster: Resource
    target_id: str


class BringTaxonomy(NamespaceWork, frozen=True, kw_only=True, tag="work.bring_taxonomy.v1"):
    """Keep the enrichments of a taxonomy, or make them anew.

    For the latter, `made` and `retrievers` are the taxonomy and what it asks as they are in the
    target, and `applications` are those of the source.
    """

    taxonomy: Resource
    target_id: str
    made: Resource | None = None
    retrievers: tuple[Resource, ...] = ()
    applications: tuple[Application, ...] = ()


class BenchmarkRetriever(
    NamespaceWork, frozen=True, kw_only=True, tag="work.benchmark_retriever.v1"
):
    """Ask a retriever and its successor the same questions.

    `text_fields` has, for each collection that goes along, where the text of its documents is.
    """

    retriever: Resource
    target_id: str
    text_fields: dict[str, tuple[str, ...]] = {}


class CompareCollection(NamespaceWork, frozen=True, kw_only=True, tag="work.compare_collection.v1"):
    """Compare every document with its source, but for those that were set aside.

    What a stage has made anew in them is left out on both sides.
    """

    kind: ResourceKind
    collection_id: str
    target_collection_id: str
    set_aside: int
    date_range: dict[str, str] = {}
    recorded_before: UtcDatetime | None = None
    made_anew: tuple[str, ...] = ()
    """Fields of the payload that a stage has made anew, and checked by itself."""
    relabelled_by: tuple[str, ...] = ()
    """Taxonomies of the target whose fields, whatever they are called, were made anew."""
    text_path: tuple[str, ...] = (TEXT,)


class AttachResource(NamespaceWork, frozen=True, kw_only=True, tag="work.attach_resource.v1"):
    """Give a resource of the target its whole definition."""

    resource_id: str
    made: Resource


class CheckReferences(NamespaceWork, frozen=True, kw_only=True, tag="work.check_references.v1"):
    """Look whether the target's definitions are as they were made, and for references nowhere.

    `dangling` are those of the definitions as they were made, `digests` tell these from others.
    """

    digests: dict[str, str]
    dangling: tuple[Dangling, ...] = ()
    dangling_count: int = 0


class SwitchNamespace(NamespaceWork, frozen=True, kw_only=True, tag="work.switch_namespace.v1"):
    """Let the target's name lead to the target, in one step."""


class FenceTarget(NamespaceWork, frozen=True, kw_only=True, tag="work.fence_target.v1"):
    """Make the task's epoch the target's: nothing of an earlier epoch can be written after."""


class RollBack(NamespaceWork, frozen=True, kw_only=True, tag="work.roll_back.v1"):
    """Lead aliases that lead to the target back to the source.

    With `drops_target` the target is removed, or emptied where it was there before: `resources`
    are those of the target, each before what it needs.
    """

    drops_target: bool
    resources: tuple[Named, ...]


AnyNamespaceWork = (
    PrepareTarget
    | MakeResource
    | PlanBatches
    | MoveBatch
    | MoveBatches
    | BuildIndex
    | BringCluster
    | BringTaxonomy
    | BenchmarkRetriever
    | CompareCollection
    | AttachResource
    | CheckReferences
    | SwitchNamespace
    | FenceTarget
    | RollBack
)


class NamespaceTask(Struct, frozen=True, kw_only=True, tag="namespace_task.v1", tag_field="type"):
    """A command for executors, with all that is needed to carry it out.

    It may be delivered more than once; `task_id` stays the same over attempts and deliveries.
    """

    task_id: str
    attempt: int
    migration_id: str
    org_id: str
    epoch: int
    source: Place
    target: Place
    config: MigrationConfig
    work: AnyNamespaceWork
    dispatched_at: UtcDatetime
