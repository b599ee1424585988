from msgspec import Struct

from sterna_api.http.namespace_finder import NamespaceFinder
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.projections.namespaces import Namespaces
from sterna_core.errors import NotFound
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.place import Place


class CatalogedNamespace(Struct, frozen=True, kw_only=True):
    """A namespace with everything that is defined in it, and where its documents are."""

    place: Place
    resources: tuple[Resource, ...]


class NamespaceCatalog:
    """What a migration has to know of its source, and of its target if there is one."""

    def __init__(
        self, namespaces: Namespaces, finder: NamespaceFinder, writes: ReadYourWrites
    ) -> None:
        self._namespaces = namespaces
        self._finder = finder
        self._writes = writes

    async def source(self, org_id: str, named: str) -> CatalogedNamespace:
        """Give a namespace as everything that happened to it before now has made it.

        Raises NotFound, and BehindPosition where that is not known in time.
        """
        known = await self._finder.named(org_id, named, fresh=True)
        await self._writes.catch_up_with(org_id, known.namespace_id)
        resources = await self._namespaces.resources(org_id, known.namespace_id)
        place = Place(
            namespace_id=known.namespace_id,
            store=known.view.store,
            name=known.view.name,
            extractors=known.view.feature_extractors,
            aliases=await self._namespaces.aliases_of(org_id, known.namespace_id),
        )
        return CatalogedNamespace(place=place, resources=resources)

    async def live_migrations(self, org_id: str, namespace_id: str) -> tuple[str, ...]:
        """Give some of the migrations from or to a namespace that are at work."""
        await self._writes.catch_up()
        return await self._namespaces.live_migrations(org_id, namespace_id)

    async def aliases_of(self, org_id: str, namespace_id: str) -> tuple[str, ...]:
        """Name the aliases that lead to a namespace, as they are projected."""
        return await self._namespaces.aliases_of(org_id, namespace_id)

    async def has(self, org_id: str, named: str) -> bool:
        """Tell whether a name is that of a namespace or of an alias; raises BehindPosition."""
        try:
            await self._finder.named(org_id, named, fresh=True)
        except NotFound:
            return False
        return True
