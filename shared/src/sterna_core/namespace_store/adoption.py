from msgspec import Struct

from sterna_core.namespace_store.feature import Feature


class AdoptedFeature(Struct, frozen=True):
    """Vectors that are there already: a column, or a named vector (empty: the one without name)."""

    feature: Feature
    column: str


class Adoption(Struct, frozen=True, kw_only=True):
    """Somebody's table or collection, seen as a space; nothing is copied, and nothing written.

    `source` is `schema.table`, or the name of a collection. Columns of a collection are fields of
    its payloads. Without `id_column` a table has one column as its primary key, and a collection
    the ids of its points. Without `payload_column` all that is left is the payload. Documents are
    of the collection that `collection_column` names; where it names none, of `collection_id`. Of a
    table, what is no object in `payload_column` is the `value` of one.
    """

    source: str
    features: tuple[AdoptedFeature, ...]
    id_column: str | None = None
    payload_column: str | None = None
    collection_column: str | None = None
    collection_id: str = "adopted"
