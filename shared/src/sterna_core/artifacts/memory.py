from collections.abc import AsyncGenerator, AsyncIterable
from hashlib import sha256

from sterna_core.artifacts.address import ArtifactAddress
from sterna_core.artifacts.store import Artifact, ArtifactNotFound


class MemoryArtifactStore:
    """Files of one process, for tests."""

    def __init__(self) -> None:
        self._kept: dict[ArtifactAddress, bytes] = {}

    async def put(
        self, address: ArtifactAddress, content: AsyncIterable[bytes], *, replace: bool = True
    ) -> Artifact:
        """Keep a file once all of it has come."""
        whole = b"".join([piece async for piece in content])
        if replace or address not in self._kept:
            self._kept[address] = whole
        return _artifact(address, self._kept[address])

    async def read(self, address: ArtifactAddress) -> AsyncGenerator[bytes]:
        """Give a file; raises ArtifactNotFound."""
        whole = self._kept.get(address)
        if whole is None:
            raise ArtifactNotFound(address)
        yield whole

    async def kept(self, namespace_id: str, cluster_id: str | None = None) -> tuple[Artifact, ...]:
        """List files by address."""
        found = self._of(namespace_id, cluster_id, None)
        return tuple(_artifact(each, self._kept[each]) for each in found)

    async def delete(
        self, namespace_id: str, cluster_id: str | None = None, name: str | None = None
    ) -> int:
        """Remove files; give how many there were."""
        gone = self._of(namespace_id, cluster_id, name)
        for each in gone:
            del self._kept[each]
        return len(gone)

    def _of(
        self, namespace_id: str, cluster_id: str | None, name: str | None
    ) -> list[ArtifactAddress]:
        return sorted(
            each
            for each in self._kept
            if each.namespace_id == namespace_id
            and cluster_id in {None, each.cluster_id}
            and name in {None, each.name}
        )


def _artifact(address: ArtifactAddress, whole: bytes) -> Artifact:
    return Artifact(address, len(whole), sha256(whole).hexdigest())
