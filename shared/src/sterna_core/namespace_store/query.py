from msgspec import Struct

from sterna_core.namespace_store.condition import Condition
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.vector import Vector


class Query(Struct, frozen=True, kw_only=True):
    """The nearest documents of one feature, of some collections (None: all), that fit a filter.

    All conditions have to hold. `exact` looks at every vector; without it an index may be used,
    which is faster and may miss some.
    """

    feature_uri: str
    vector: Vector
    limit: int = 10
    collection_ids: tuple[str, ...] | None = None
    conditions: tuple[Condition, ...] = ()
    exact: bool = False


class Hit(Struct, frozen=True):
    """A document without its vectors and its score: the greater the nearer, whatever the metric.

    The cosine, the dot product, or the negative distance. Equal scores come in the order of ids.
    """

    document: Document
    score: float
