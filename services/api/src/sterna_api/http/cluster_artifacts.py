import asyncio
import tempfile
from collections.abc import AsyncGenerator
from importlib import import_module
from typing import IO, Any

from aiohttp import web

from sterna_api.http.answer import answer
from sterna_api.http.artifact_bodies import (
    ArtifactsBody,
    PutArtifactBody,
    show_artifact,
)
from sterna_api.http.caller import caller_of
from sterna_api.http.chunks import chunks_of
from sterna_api.http.deleted import DeletedBody
from sterna_api.http.media import PARQUET
from sterna_api.http.namespace_finder import NamespaceFinder
from sterna_api.http.problem import InvalidShape, Problem
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found
from sterna_api.projections.namespaces import Namespaces
from sterna_core.artifacts.address import ArtifactAddress, is_artifact_name
from sterna_core.artifacts.pieces import PIECE_BYTES
from sterna_core.artifacts.store import Artifact, ArtifactNotFound, ArtifactStore
from sterna_core.errors import InvalidRequest, Misconfigured, Rejected, Transient

UPLOADS_MAX = 4
"""Files that one process takes at once: each lies on its disk until all of it has come."""
ARTIFACTS_MAX = 32
"""Files of one cluster."""
_CHECK = "sterna_core.artifacts.parquet_file"
"""Imported where it is needed: pyarrow is an extra of the package."""


class ClusterArtifactRoutes:
    """`/v1/namespaces/{id}/clusters/{id}/artifacts`."""

    def __init__(
        self,
        namespaces: Namespaces,
        finder: NamespaceFinder,
        artifacts: ArtifactStore,
        writes: ReadYourWrites,
        *,
        mebibytes_max: int,
    ) -> None:
        self._namespaces = namespaces
        self._finder = finder
        self._artifacts = artifacts
        self._writes = writes
        self._mebibytes_max = mebibytes_max
        self._uploads = 0

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        every = "/v1/namespaces/{namespace_id}/clusters/{resource_id}/artifacts"
        one = f"{every}/{{artifact_name}}"
        return [
            web.get(every, self.list, allow_head=False),
            web.get(one, self.show, allow_head=False),
            web.put(one, self.put),
            web.delete(one, self.delete),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """List the files of a cluster."""
        namespace_id, cluster_id = await self._cluster(request)
        kept = await self._artifacts.kept(namespace_id, cluster_id)
        return answer(ArtifactsBody(data=[show_artifact(each) for each in kept]))

    async def put(self, request: web.Request) -> web.Response:
        """Keep a file in place of the one of its name."""
        name = request.match_info["artifact_name"]
        if not is_artifact_name(name):
            msg = "A name is letters, digits, `_`, `.` and `-`, and ends with .parquet"
            raise InvalidShape([Problem(("path", "artifact_name"), msg, "artifact_name")])
        namespace_id, cluster_id = await self._cluster(request)
        kept = await self._artifacts.kept(namespace_id, cluster_id)
        if len({name, *(each.address.name for each in kept)}) > ARTIFACTS_MAX:
            raise Rejected("too_many_artifacts", f"A cluster has at most {ARTIFACTS_MAX} files.")
        if self._uploads >= UPLOADS_MAX:
            raise Transient(
                "Too many uploads are under way; try again soon.", code="too_many_uploads"
            )
        self._uploads += 1
        try:
            with tempfile.TemporaryFile() as file:
                await self._receive(request, file)
                shape = await _shape_of(file)
                address = ArtifactAddress(namespace_id, cluster_id, name)
                shown = show_artifact(await self._artifacts.put(address, _pieces(file)))
        finally:
            self._uploads -= 1
        body = PutArtifactBody(
            name=shown.name,
            address=shown.address,
            bytes=shown.bytes,
            sha256=shown.sha256,
            rows=shape.rows,
            columns=shape.columns,
        )
        return answer(body, status=200)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Send a file as it was kept."""
        artifact = await self._artifact(request)
        pieces = self._artifacts.read(artifact.address)
        try:
            first = await anext(pieces, b"")
            response = web.StreamResponse(headers={"Content-Type": PARQUET})
            response.content_length = artifact.bytes
            await response.prepare(request)
            await response.write(first)
            async for piece in pieces:
                await response.write(piece)
            await response.write_eof()
        finally:
            await pieces.aclose()
        return response

    async def delete(self, request: web.Request) -> web.Response:
        """Remove a file."""
        artifact = await self._artifact(request)
        address = artifact.address
        await self._artifacts.delete(address.namespace_id, address.cluster_id, address.name)
        return answer(DeletedBody(address.name, deleted=True))

    async def _artifact(self, request: web.Request) -> Artifact:
        namespace_id, cluster_id = await self._cluster(request)
        name = request.match_info["artifact_name"]
        for each in await self._artifacts.kept(namespace_id, cluster_id):
            if each.address.name == name:
                return each
        raise ArtifactNotFound(ArtifactAddress(namespace_id, cluster_id, name[:128]))

    async def _cluster(self, request: web.Request) -> tuple[str, str]:
        known, cluster_id = await self._finder.find(request), request.match_info["resource_id"]
        org_id = caller_of(request).org_id
        if request.method != "GET":
            await self._writes.catch_up_with(org_id, known.namespace_id)
        if "\0" in cluster_id:
            raise not_found("cluster")
        line = await self._namespaces.resource(org_id, known.namespace_id, "cluster", cluster_id)
        if line is None:
            raise not_found("cluster")
        return known.namespace_id, cluster_id

    async def _receive(self, request: web.Request, file: IO[bytes]) -> None:
        """Write the body to a file on disk; raises InvalidRequest where it is too long."""
        size = 0
        async for chunk in chunks_of(request.content):
            size += len(chunk)
            if size > self._mebibytes_max * 1024 * 1024:
                raise InvalidRequest(
                    f"A file has at most {self._mebibytes_max:,} MiB.", code="artifact_too_large"
                )
            await asyncio.to_thread(file.write, chunk)


async def _shape_of(file: IO[bytes]) -> Any:
    """Look whether a file is parquet; raises InvalidShape, Misconfigured."""
    try:
        module = await asyncio.to_thread(import_module, _CHECK)
    except ImportError:
        raise Misconfigured("Artifacts need the extra `namespaces` of the package.") from None
    try:
        return await asyncio.to_thread(module.parquet_shape, file)
    except module.NotParquet as refused:
        raise InvalidShape([Problem(("body",), refused.message, refused.code)]) from None


async def _pieces(file: IO[bytes]) -> AsyncGenerator[bytes]:
    await asyncio.to_thread(file.seek, 0)
    while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
        yield piece
