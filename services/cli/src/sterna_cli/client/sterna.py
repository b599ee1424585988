from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp

from sterna_cli.client.certificates import CERTIFICATE_KEY, CertificateKey
from sterna_cli.client.connections import Connections
from sterna_cli.client.migrations import Migrations
from sterna_cli.client.namespace_migrations import NamespaceMigrations
from sterna_cli.client.namespaces import Namespaces
from sterna_cli.client.session import PATIENCE_SECONDS, Session
from sterna_core.secrets.secret import Secret


class Sterna:
    """The REST API, typed."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.connections = Connections(session)
        self.migrations = Migrations(session)
        self.namespaces = Namespaces(session)
        self.namespace_migrations = NamespaceMigrations(session)

    async def certificate_key(self) -> CertificateKey:
        """Give the key that this API's certificates are checked with."""
        key: CertificateKey = await self.session.get("/v1/certificates/public-key", CERTIFICATE_KEY)
        return key


@asynccontextmanager
async def connect(
    url: str, key: Secret, *, patience_seconds: float = PATIENCE_SECONDS
) -> AsyncGenerator[Sterna, None]:
    """Open a client of the API at `url` with an API key."""
    async with aiohttp.ClientSession() as http:
        yield Sterna(Session(http, url, key, patience_seconds=patience_seconds))
