from msgspec import Struct

from sterna_api.http.namespace_bodies import name_problems
from sterna_api.http.namespace_catalog import CatalogedNamespace, NamespaceCatalog
from sterna_api.http.namespace_spaces import NamespaceSpaces
from sterna_api.http.resource_id import is_id
from sterna_core import ids
from sterna_core.errors import NotFound
from sterna_core.namespace.feature_extractor import FeatureExtractor
from sterna_core.namespace_estimate.figures import Estimates
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.existing_target import ExistingTarget, target_findings
from sterna_core.namespace_migration.finding import Finding, Findings
from sterna_core.namespace_migration.place import Place
from sterna_core.namespace_store.store import Space
from sterna_core.tasks.namespace_work import MAP_OF_IDS

_WHERE = ("config", "target_namespace_id")


class Drafted(Struct, frozen=True):
    """A migration that was created: the target it was created for, and what was measured then."""

    migration_id: str
    target: Place
    estimates: Estimates | None = None


class NamespaceTargets:
    """Looks at what a migration names as its target."""

    def __init__(self, catalog: NamespaceCatalog, spaces: NamespaceSpaces) -> None:
        self._catalog = catalog
        self._spaces = spaces

    async def look(
        self,
        org_id: str,
        config: MigrationConfig,
        source: Place,
        extractors: tuple[FeatureExtractor, ...],
        drafted: Drafted | None = None,
    ) -> tuple[Place | None, Findings]:
        """Give the namespace that is to be the target where it is there, and what is against it.

        `extractors` are those that the target has to have. Raises Transient where its store is
        away, and BehindPosition.
        """
        named = config.target_namespace_id
        if named is None:
            return None, await self._of_name(org_id, config)
        is_expected = drafted is not None and drafted.target.existing
        if drafted is not None and is_expected:
            named = drafted.target.namespace_id
        try:
            found = await self._catalog.source(org_id, named)
        except NotFound:
            of_name = await self._of_name(org_id, config)
            return None, _missing(named, is_expected=is_expected) + of_name
        if drafted is not None and not is_expected:
            message = "There is such a namespace now, which was not there before."
            return None, _error(message, "namespace_exists")
        target = await self._of(org_id, found, drafted)
        return target.place, target_findings(config, target, source, extractors)

    async def _of_name(self, org_id: str, config: MigrationConfig) -> Findings:
        """Say what is against the name of a target that is to be made."""
        name, where = config.target_namespace_name, ("config", "target_namespace_name")
        if name is None:
            return Findings()
        problems = name_problems(name, where)
        if problems:
            return Findings(errors=tuple(Finding(where, e.msg, e.type) for e in problems))
        if await self._catalog.has(org_id, name):
            message = "A namespace or an alias of this organisation has the name."
            return Findings(errors=(Finding(where, message, "namespace_name_taken"),))
        return Findings()

    async def _of(
        self, org_id: str, found: CatalogedNamespace, drafted: Drafted | None
    ) -> ExistingTarget:
        place = found.place
        users = await self._catalog.live_migrations(org_id, place.namespace_id)
        own = drafted.migration_id if drafted is not None else None
        async with self._spaces.at(place.store, place.namespace_id) as space:
            return ExistingTarget(
                place=Place(
                    namespace_id=place.namespace_id,
                    store=place.store,
                    name=place.name,
                    extractors=place.extractors,
                    existing=True,
                ),
                resources=len(found.resources),
                documents=await _documents(space),
                adopted=space is not None and space.adopted,
                is_marked=space is not None
                and await space.receipts.receipt(MAP_OF_IDS) is not None,
                users=tuple(each for each in users if each != own),
            )


async def _documents(space: Space | None) -> int:
    """Count what a space has; of an adopted one, which is not written anyway, nothing."""
    if space is None or space.adopted:
        return 0
    return await space.documents.count() + await space.objects.count()


def _missing(named: str, *, is_expected: bool) -> Findings:
    if is_expected:
        return _error("The namespace that is to be the target is gone.", "target_not_found")
    if is_id(ids.VECTOR_NAMESPACE, named):
        return Findings()
    return _error(
        "There is no such namespace. The id of one that is to be made is ns_ and 32 hexadecimal"
        " digits; without one it is made.",
        "namespace_id",
    )


def _error(message: str, code: str) -> Findings:
    return Findings(errors=(Finding(_WHERE, message, code),))
