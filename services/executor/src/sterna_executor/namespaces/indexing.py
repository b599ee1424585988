"""Makes a target ready to be searched fast, before anybody is led to it."""

from sterna_core.namespace_store.store import Space


async def build_indexes(target: Space) -> None:
    """Build the index of each feature, now that all is there; a repeat leaves what is there."""
    for feature in target.features:
        await target.vectors.build_index(feature.uri)
