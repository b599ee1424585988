"""The port to where files of clusters are kept, for every process of an installation."""

from collections.abc import AsyncGenerator, AsyncIterable
from typing import Protocol

from msgspec import Struct

from sterna_core.artifacts.address import ArtifactAddress
from sterna_core.errors import NotFound


class Artifact(Struct, frozen=True):
    """A file that is kept whole, with its SHA-256 in hexadecimal digits."""

    address: ArtifactAddress
    bytes: int
    sha256: str


class ArtifactNotFound(NotFound):
    """No file is kept under this address, or it was replaced while it was read."""

    code = "artifact_not_found"

    def __init__(self, address: ArtifactAddress) -> None:
        super().__init__(f"There is no artifact {address}.", details={"artifact": str(address)})


class ArtifactStore(Protocol):
    """Keeps files by their address. Every method raises Transient."""

    async def put(
        self, address: ArtifactAddress, content: AsyncIterable[bytes], *, replace: bool = True
    ) -> Artifact:
        """Keep a file once all of it has come; until then readers see what was there before.

        Without `replace` the one that is there already stays, and is what comes back.
        """
        ...

    def read(self, address: ArtifactAddress) -> AsyncGenerator[bytes]:
        """Give a file piece by piece; raises ArtifactNotFound."""
        ...

    async def kept(self, namespace_id: str, cluster_id: str | None = None) -> tuple[Artifact, ...]:
        """List the files of a namespace, or of one cluster, by address."""
        ...

    async def delete(
        self, namespace_id: str, cluster_id: str | None = None, name: str | None = None
    ) -> int:
        """Remove the files of a namespace, of one cluster, or one file; give how many there were."""
        ...
