"""What a retriever can find at all, whatever it is asked."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from sterna_core.errors import Rejected
from sterna_core.namespace_store.condition import Condition, matches
from sterna_core.namespace_store.document import Document
from sterna_core.retriever.query import input_names
from sterna_core.retriever.stage import FeatureSearch, Filter, stages_of


class Reach(Struct, frozen=True):
    """The collections a retriever looks at, its own filters, and the inputs that it takes."""

    collection_ids: tuple[str, ...]
    conditions: tuple[Condition, ...]
    inputs: tuple[str, ...]

    def holds(self, document: Document) -> bool:
        """Tell whether a document can be found."""
        return document.collection_id in self.collection_ids and matches(
            document.payload, self.conditions
        )

    def asking(self, text: str) -> dict[str, Any]:
        """Give a text as the inputs of this retriever."""
        return dict.fromkeys(self.inputs, text)


def reach_of(definition: Mapping[str, Any], collections: tuple[str, ...]) -> Reach:
    """Read what a definition reaches of the collections that go along.

    Raises Rejected for a stage that cannot be carried out, and where nothing can be asked.
    """
    conditions: list[Condition] = []
    inputs: tuple[str, ...] = ()
    for stage in stages_of(definition):
        if isinstance(stage, FeatureSearch | Filter):
            conditions += stage.conditions
        if isinstance(stage, FeatureSearch):
            inputs = input_names(stage.query)
    if not inputs:
        raise Rejected("query_fixed", "The retriever takes no input: it always asks the same.")
    named = definition.get("collection_ids")
    return Reach(
        tuple(each for each in collections if not named or each in named),
        tuple(conditions),
        inputs,
    )
