"""The stores of an installation, each opened when somebody enters it, and kept open for a while."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import import_module

from sterna_core.connection.endpoint import Endpoint
from sterna_core.connection.tls import tls_for
from sterna_core.errors import Misconfigured, NotFound
from sterna_core.namespace.feature_extractor import FeatureExtractor, feature_uris
from sterna_core.namespace.store_place import StorePlace
from sterna_core.namespace_store.adoption import Adoption
from sterna_core.namespace_store.door import Door
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.postgres.sessions import open_pool
from sterna_core.namespace_store.postgres.store import PostgresNamespaceStore
from sterna_core.namespace_store.store import NamespaceStore, Space
from sterna_core.secrets.keyring import Keyring
from sterna_core.secrets.secret import Secret

STORES_OPEN_MAX = 32
"""Beyond this many, the one that nobody has entered for the longest is closed."""
CONNECTIONS_PER_STORE = 4
CLOSE_SECONDS = 5.0
_OWN = "own"
_QDRANT = "sterna_core.namespace_store.qdrant.door"
"""Imported where it is needed: its client is an extra of the package."""
OpenQdrant = Callable[[Endpoint, Secret], Awaitable[Door]]
"""Opens the Qdrant of an endpoint; the password is its API key."""


class StoreDoors:
    """Lends stores by the place of a namespace; `close` ends everything."""

    def __init__(
        self,
        keyring: Keyring,
        own_url: Secret | None,
        *,
        connections: int = CONNECTIONS_PER_STORE,
        open_qdrant: OpenQdrant | None = None,
    ) -> None:
        self._open_qdrant = open_qdrant or _qdrant
        self._keyring = keyring
        self._own_url = own_url
        self._connections = connections
        self._open: OrderedDict[str, Door] = OrderedDict()
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def store(self, place: StorePlace) -> AsyncGenerator[NamespaceStore]:
        """Lend the store of a place; raises Transient where it is away, Misconfigured for none."""
        async with self._door(place) as door:
            yield door.store

    async def adopt(self, place: StorePlace, namespace_id: str, adoption: Adoption) -> None:
        """Take a table or a collection for a space, to be read only; raises what the store does."""
        async with self._door(place) as door:
            await door.store.adopt(namespace_id, adoption)

    @asynccontextmanager
    async def _door(self, place: StorePlace) -> AsyncGenerator[Door]:
        key = _key_of(place)
        async with self._opening:
            known = self._open.get(key)
            if known is None:
                known = self._open[key] = await self._enter(place)
            known.visitors += 1
            self._open.move_to_end(key)
        try:
            yield known
        finally:
            known.visitors -= 1
            await self._close_idle()

    @asynccontextmanager
    async def space(
        self,
        place: StorePlace,
        namespace_id: str,
        extractors: tuple[FeatureExtractor, ...],
    ) -> AsyncGenerator[Space]:
        """Lend the space of a namespace, made now if it is not there yet."""
        async with self.store(place) as store:
            try:
                space = await store.open(namespace_id)
            except NotFound:
                space = await store.create(namespace_id, features_of(extractors))
            yield space

    async def close(self) -> None:
        """Close every store."""
        while self._open:
            _, known = self._open.popitem()
            await known.close()

    async def _close_idle(self) -> None:
        while len(self._open) > STORES_OPEN_MAX:
            idle = next((key for key, each in self._open.items() if not each.visitors), None)
            if idle is None:
                return
            await self._open.pop(idle).close()

    async def _enter(self, place: StorePlace) -> Door:
        endpoint = place.endpoint
        if endpoint is None:
            if self._own_url is None:
                raise Misconfigured("set STERNA_NAMESPACE_DATABASE_URL, where namespaces are kept")
            return await _postgres(self._connections, dsn=self._own_url.reveal())
        password = self._keyring.open(endpoint.sealed_password, context=endpoint.seal_context)
        if place.type == "qdrant":
            return await self._open_qdrant(endpoint, password)
        return await _postgres(
            min(self._connections, endpoint.max_connections or self._connections),
            host=endpoint.host,
            port=endpoint.port,
            user=endpoint.username,
            password=password.reveal(),
            database=endpoint.database,
            ssl=tls_for(endpoint.ssl_mode),
        )


def features_of(extractors: tuple[FeatureExtractor, ...]) -> tuple[Feature, ...]:
    """Give what vectors a space of these extractors holds."""
    return tuple(
        Feature(uri, output.dimensions, output.metric)
        for uri, output in feature_uris(extractors).items()
    )


def _key_of(place: StorePlace) -> str:
    """Tell a place from others; a connection that has changed leads to another."""
    e = place.endpoint
    if e is None:
        return _OWN
    return "\0".join(
        (place.type, e.host, str(e.port), e.database, e.username, e.sealed_password, e.ssl_mode)
    )


async def _postgres(size: int, **where: object) -> Door:
    pool = await open_pool(size, **where)

    async def close() -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    return Door(PostgresNamespaceStore(pool), close)


async def _qdrant(endpoint: Endpoint, password: Secret) -> Door:
    try:
        # It takes seconds the first time, for which others are answered.
        module = await asyncio.to_thread(import_module, _QDRANT)
    except ImportError:
        raise Misconfigured(
            "A store of the type qdrant needs the extra `namespaces` of the package."
        ) from None
    door: Door = module.open_door(endpoint, password)
    return door
