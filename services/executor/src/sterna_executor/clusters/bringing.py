import asyncio
from collections.abc import AsyncGenerator
from hashlib import sha256
from typing import BinaryIO, Final

from msgspec import Struct

from sterna_core.artifacts.address import ArtifactAddress
from sterna_core.artifacts.pieces import PIECE_BYTES
from sterna_core.artifacts.store import Artifact, ArtifactStore
from sterna_core.errors import Transient
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.store import Space
from sterna_core.tasks.namespace_work import BringCluster, NamespaceTask
from sterna_executor.clusters.daemon_thread import DaemonThread
from sterna_executor.clusters.limits import ClusterLimits

COMPUTE_SECONDS: Final = 6 * 3600.0
"""How long one piece of computing may take, with waiting for the one before it."""


class Bringing(Struct, frozen=True, kw_only=True):
    """One cluster that is brought, with all that this takes."""

    task: NamespaceTask
    work: BringCluster
    source: Space
    target: Space
    rewriting: Rewriting
    artifacts: ArtifactStore
    limits: ClusterLimits
    thread: DaemonThread

    async def fetch(self, address: ArtifactAddress, file: BinaryIO) -> None:
        """Write a file that is kept into one on disk; raises ArtifactNotFound."""
        async for piece in self.artifacts.read(address):
            await asyncio.to_thread(file.write, piece)
        file.seek(0)

    async def put(self, name: str, file: BinaryIO, *, replace: bool = True) -> Artifact:
        """Keep a file for the target, as work of this epoch; raises Fenced where that is over."""
        address = ArtifactAddress(self.task.target.namespace_id, self.work.target_id, name)
        digest = await asyncio.to_thread(_digest, file)
        receipt = Receipt(f"artifact {address}", self.task.epoch)
        await self.target.documents.upsert((), receipt)
        kept = await self.artifacts.put(address, _pieces(file), replace=replace)
        if replace and kept.sha256 != digest:
            raise Transient("The file was not kept as it was sent.", code="artifact_changed")
        return kept


def _digest(file: BinaryIO) -> str:
    digest = sha256()
    file.seek(0)
    while piece := file.read(PIECE_BYTES):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


async def _pieces(file: BinaryIO) -> AsyncGenerator[bytes]:
    while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
        yield piece
