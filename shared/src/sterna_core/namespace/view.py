"""The read model of a namespace: what a GET answers from, folded from the events alone."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.namespace.events import NamespaceCreated
from sterna_core.namespace.feature_extractor import FeatureExtractor
from sterna_core.namespace.store_place import StorePlace


class NamespaceView(Struct, frozen=True, kw_only=True):
    """A namespace as its readers see it, without its resources."""

    name: str
    description: str
    store: StorePlace
    feature_extractors: tuple[FeatureExtractor, ...]
    created_at: UtcDatetime
    created_by: str

    @classmethod
    def of(cls, event: NamespaceCreated) -> "NamespaceView":
        """Show what was made."""
        return cls(
            name=event.name,
            description=event.description,
            store=event.store,
            feature_extractors=event.feature_extractors,
            created_at=event.at,
            created_by=event.by,
        )
