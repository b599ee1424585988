"""What every store of artifacts does, as plain functions; it ships with the package."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from hashlib import sha256

from sterna_core.artifacts.address import ArtifactAddress
from sterna_core.artifacts.pieces import PIECE_BYTES
from sterna_core.artifacts.store import Artifact, ArtifactNotFound, ArtifactStore

_FIRST = ArtifactAddress("ns_1", "clu_1", "members.parquet")
_SECOND = ArtifactAddress("ns_1", "clu_1", "centroids.parquet")
_OTHER = ArtifactAddress("ns_1", "clu_2", "members.parquet")
_ELSEWHERE = ArtifactAddress("ns_2", "clu_1", "members.parquet")


async def keeps_files_of_any_length(store: ArtifactStore) -> None:
    """Give back what was kept, bit for bit, whatever pieces it came in."""
    for size in (0, 1, PIECE_BYTES - 1, PIECE_BYTES, 2 * PIECE_BYTES + 1):
        whole = bytes(number % 251 for number in range(size))
        kept = await store.put(_FIRST, _parts(whole, 300_000))
        assert kept == Artifact(_FIRST, size, sha256(whole).hexdigest())
        assert await _read(store, _FIRST) == whole
    await store.delete("ns_1")


async def replaces_in_one_step(store: ArtifactStore) -> None:
    """Show the old file until the new one is whole, and the old one where that never happens."""
    await store.put(_FIRST, _parts(b"old", 1))

    async def looking() -> AsyncGenerator[bytes]:
        yield b"n"
        assert await _read(store, _FIRST) == b"old"
        yield b"ew"

    await store.put(_FIRST, looking())
    assert await _read(store, _FIRST) == b"new"

    async def failing() -> AsyncGenerator[bytes]:
        yield b"half"
        await asyncio.sleep(0)
        raise _Broken

    try:
        await store.put(_FIRST, failing())
    except _Broken:
        pass
    else:
        raise AssertionError("what went wrong is not told")
    assert await _read(store, _FIRST) == b"new"
    kept = await store.put(_FIRST, _parts(b"newer", 2), replace=False)
    assert kept.sha256 == sha256(b"new").hexdigest()
    assert await _read(store, _FIRST) == b"new"
    kept = await store.put(_SECOND, _parts(b"first", 2), replace=False)
    assert kept.sha256 == sha256(b"first").hexdigest()
    await store.delete("ns_1")


async def lists_and_deletes_by_namespace_cluster_and_name(store: ArtifactStore) -> None:
    """List what is there, and remove exactly what was named."""
    for each in (_FIRST, _SECOND, _OTHER, _ELSEWHERE):
        await store.put(each, _parts(str(each).encode(), 7))
    assert [each.address for each in await store.kept("ns_1")] == [_SECOND, _FIRST, _OTHER]
    assert [each.address for each in await store.kept("ns_1", "clu_2")] == [_OTHER]
    assert await store.kept("ns_3") == ()
    assert await store.delete("ns_1", "clu_1", "none.parquet") == 0
    assert await store.delete("ns_1", "clu_1", _SECOND.name) == 1
    assert [each.address for each in await store.kept("ns_1")] == [_FIRST, _OTHER]
    assert await store.delete("ns_1") == 2
    assert [each.address for each in await store.kept("ns_2")] == [_ELSEWHERE]
    assert await store.delete("ns_2", "clu_1") == 1


async def knows_what_is_not_there(store: ArtifactStore) -> None:
    """Tell that there is no file, before and after there was one."""
    await _refuses(store, _FIRST)
    await store.put(_FIRST, _parts(b"x", 1))
    await store.delete("ns_1")
    await _refuses(store, _FIRST)


async def _refuses(store: ArtifactStore, address: ArtifactAddress) -> None:
    try:
        await _read(store, address)
    except ArtifactNotFound:
        return
    raise AssertionError("something was read that is not there")


async def _read(store: ArtifactStore, address: ArtifactAddress) -> bytes:
    return b"".join([piece async for piece in store.read(address)])


async def _parts(whole: bytes, size: int) -> AsyncGenerator[bytes]:
    for start in range(0, len(whole), size):
        yield whole[start : start + size]
        await asyncio.sleep(0)


class _Broken(Exception):
    """What a sender that breaks off raises here."""


Promise = Callable[[ArtifactStore], Awaitable[None]]
CONTRACT: tuple[Promise, ...] = (
    keeps_files_of_any_length,
    replaces_in_one_step,
    lists_and_deletes_by_namespace_cluster_and_name,
    knows_what_is_not_there,
)
