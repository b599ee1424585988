from collections.abc import Mapping, Sequence

from msgspec import Struct

from sterna_core.extractors.extractor import Extractor
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import MigrationConfig


class Subject(Struct, frozen=True, kw_only=True):
    """What is to be estimated: a migration, what goes along, and what embeds texts anew.

    `missing` names extractors of the target that are not installed here, with the reason.
    """

    config: MigrationConfig
    resources: Sequence[Resource]
    extractors: tuple[Extractor, ...] = ()
    missing: Mapping[str, str] = {}

    @property
    def collections(self) -> tuple[Resource, ...]:
        """The collections that go along."""
        return tuple(each for each in self.resources if each.kind == "collection")

    @property
    def buckets(self) -> tuple[Resource, ...]:
        """The buckets that go along."""
        return tuple(each for each in self.resources if each.kind == "bucket")
