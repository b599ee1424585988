import math
import sys

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

    @property
    def filtered(self) -> bool:
        """Tell whether documents have to fit more than the feature."""
        return self.collection_ids is not None or bool(self.conditions)


class Hit(Struct, frozen=True):
    """A document without its vectors and its score: the greater the nearer, whatever the metric.

    The cosine, the dot product, or the negative distance, always finite. Equal scores come in the
    order of ids.
    """

    document: Document
    score: float


def finite(score: float) -> float:
    """Give a score that a store has computed as a number that JSON has.

    Of large numbers a product or a distance may be more than the store can say: then it is the
    largest there is, and what is not a number at all is none.
    """
    if math.isnan(score):
        return 0.0
    return min(max(score, -sys.float_info.max), sys.float_info.max)
