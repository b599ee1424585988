from sterna_api.http.namespace_spaces import NamespaceSpaces
from sterna_api.projections.namespaces import KnownNamespace
from sterna_core.artifacts.store import ArtifactStore
from sterna_core.namespace.resource import ResourceKind


class ResourceLeavings:
    """What a resource leaves outside of its definition: files of clusters, histories of retrievers."""

    def __init__(self, artifacts: ArtifactStore, spaces: NamespaceSpaces) -> None:
        self._artifacts = artifacts
        self._spaces = spaces

    async def forget(self, known: KnownNamespace, kind: ResourceKind, resource_id: str) -> None:
        """Forget all of it."""
        if kind == "cluster":
            await self._artifacts.delete(known.namespace_id, resource_id)
        elif kind == "retriever":
            await self._spaces.forget_history(known, resource_id)
