from msgspec import Struct

from sterna_core.namespace.feature_extractor import FeatureExtractor
from sterna_core.namespace.store_place import StorePlace


class Place(Struct, frozen=True, kw_only=True):
    """Which namespace is meant, where its documents live, and what makes their vectors.

    `aliases` are those that led to it when the migration was created. A target is `existing` where
    it was there before the migration.
    """

    namespace_id: str
    store: StorePlace = StorePlace()
    name: str = ""
    extractors: tuple[FeatureExtractor, ...] = ()
    aliases: tuple[str, ...] = ()
    existing: bool = False
