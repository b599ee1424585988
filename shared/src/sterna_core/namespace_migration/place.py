from msgspec import Struct

from sterna_core.namespace.store_place import StorePlace


class Place(Struct, frozen=True, kw_only=True):
    """Which namespace is meant, and where its documents live."""

    namespace_id: str
    store: StorePlace = StorePlace()
