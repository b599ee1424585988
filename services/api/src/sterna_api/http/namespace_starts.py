"""Begins a namespace migration: its source is looked at once more, and what goes along recorded."""

from collections.abc import Iterator
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sterna_api.http.command_desk import CommandDesk, Ticket
from sterna_api.http.errors import status_of
from sterna_api.http.namespace_catalog import CatalogedNamespace, NamespaceCatalog
from sterna_api.http.namespace_estimates import NamespaceEstimates
from sterna_api.http.namespace_targets import Drafted, NamespaceTargets
from sterna_api.http.target_extractors import TargetExtractorFinder
from sterna_core.errors import InvalidRequest, Rejected
from sterna_core.journal.outcome import Outcome
from sterna_core.namespace.feature_extractor import FeatureExtractor, feature_uris
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_estimate.figures import Estimates
from sterna_core.namespace_migration.benchmark_checks import asks_queries
from sterna_core.namespace_migration.commands import (
    Command,
    RecordResources,
    StartNamespaceMigration,
    ValidateNamespaceMigration,
)
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.lifecycle import is_accepted
from sterna_core.namespace_migration.place import Place
from sterna_core.namespace_migration.validating import Validated, validate, with_estimates
from sterna_core.retriever.embedding import InstalledEmbedders

PART_BYTES_MAX = 256 * 1024
"""Definitions that one record takes; a record has 512 KiB at the most."""


class Look(Struct, frozen=True, kw_only=True):
    """What a look at a source has found; `target` is None where it is to be made.

    `extractors` are those that the target is to have.
    """

    source: CatalogedNamespace
    target: Place | None
    found: Validated
    extractors: tuple[FeatureExtractor, ...]


class NamespaceStarts:
    """Looks at the source of migrations, and starts them."""

    def __init__(
        self,
        desk: CommandDesk,
        catalog: NamespaceCatalog,
        targets: NamespaceTargets,
        estimates: NamespaceEstimates,
        embedders: InstalledEmbedders,
        extractors: TargetExtractorFinder,
    ) -> None:
        self._desk = desk
        self._catalog = catalog
        self._targets = targets
        self._estimates = estimates
        self._embedders = embedders
        self._extractors = extractors

    async def look(
        self, org_id: str, config: MigrationConfig, drafted: Drafted | None = None
    ) -> Look:
        """Validate a configuration; raises NotFound where there is no such source."""
        source = await self._catalog.source(org_id, config.source_namespace_id)
        made = await self._extractors.find(config)
        kept = source.place.extractors
        extractors = kept if made.extractors is None else made.extractors
        target, findings = await self._targets.look(
            org_id, config, source.place, extractors, drafted
        )
        found = validate(
            config,
            source.resources,
            source_id=source.place.namespace_id,
            of_target=findings + made.findings,
            embeddable=await self._embeddable(config, kept),
            source_extractors=kept,
            target_extractors=made.extractors,
        )
        return Look(source=source, target=target, found=found, extractors=extractors)

    async def measured(
        self, org_id: str, config: MigrationConfig, drafted: Drafted | None = None
    ) -> Look:
        """Validate a configuration, and look into the source for figures; writes nothing."""
        look = await self.look(org_id, config, drafted)
        estimates = await self._estimates.of(config, look.source, look.found)
        return replace(look, found=_with_figures(look.found, estimates))

    async def _embeddable(
        self, config: MigrationConfig, extractors: tuple[FeatureExtractor, ...]
    ) -> frozenset[str] | None:
        """Give the features that texts can be embedded for here, where that matters."""
        if not asks_queries(config):
            return None
        embedder = self._embedders.of(extractors)
        return frozenset(
            [each for each in feature_uris(extractors) if await embedder.can_embed(each)]
        )

    async def start(
        self, ticket: Ticket, drafted: Drafted, config: MigrationConfig, *, force: bool
    ) -> Outcome:
        """Start a draft; raises InvalidRequest where it cannot be.

        Definitions are looked at again. Figures stay those that were measured, for a start is not
        to wait; those of a dry run are measured anew, for it is never started.
        """
        migration_id = drafted.migration_id
        if config.dry_run:
            look = await self.measured(ticket.caller.org_id, config, drafted)
            found = look.found
        else:
            look = await self.look(ticket.caller.org_id, config, drafted)
            found = _with_figures(look.found, drafted.estimates)
        parts = tuple(parts_of(found.resources))
        validation = ValidateNamespaceMigration(
            result=found.result,
            graph=found.graph,
            digest=found.digest,
            parts=len(parts),
            force=force,
            extractors=look.extractors,
        )
        await self.hand_in(own_ticket(ticket, "validate"), migration_id, validation)
        if is_accepted(config, found.result, force=force):
            for number, resources in enumerate(parts):
                part = RecordResources(part=number, resources=resources)
                await self.hand_in(own_ticket(ticket, f"part {number}"), migration_id, part)
        start = StartNamespaceMigration(digest=found.digest)
        return await self.hand_in(own_ticket(ticket, "start"), migration_id, start)

    async def hand_in(self, ticket: Ticket, migration_id: str, command: Command) -> Outcome:
        """Send a command; what a state does not allow is a bad request in this interface."""
        try:
            return await self._desk.hand_in(ticket, migration_id, command)
        except Rejected as refused:
            if status_of(refused) != 409:
                raise
            raise InvalidRequest(
                refused.message, code=refused.code, details=refused.details
            ) from None


def parts_of(resources: tuple[Resource, ...]) -> Iterator[tuple[Resource, ...]]:
    """Cut definitions into what fits a record each; one that is too large stays a part."""
    part: list[Resource] = []
    size = 0
    for each in resources:
        length = len(msgspec.json.encode(each))
        if part and size + length > PART_BYTES_MAX:
            yield tuple(part)
            part, size = [], 0
        part.append(each)
        size += length
    if part:
        yield tuple(part)


def _with_figures(found: Validated, estimates: Estimates | None) -> Validated:
    return replace(found, result=with_estimates(found.result, estimates))


def own_ticket(ticket: Ticket, name: str) -> Ticket:
    """Give the ticket of one of the commands that a request leads to: for a repeat, the same."""
    return replace(ticket, command_id=str(uuid5(UUID(ticket.command_id), name)))
