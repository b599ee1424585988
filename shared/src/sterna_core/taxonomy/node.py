from msgspec import Struct

from sterna_core.taxonomy.field import EnrichmentField
from sterna_core.taxonomy.input_mapping import InputMapping


class Node(Struct, frozen=True, kw_only=True):
    """A collection whose documents are labels, and how documents ask for the nearest of them.

    A node without a `threshold` has the usual one of its metric.
    """

    collection_id: str
    retriever_id: str
    mappings: tuple[InputMapping, ...]
    parent_id: str | None = None
    label: str | None = None
    threshold: float | None = None
    fields: tuple[EnrichmentField, ...] = ()
