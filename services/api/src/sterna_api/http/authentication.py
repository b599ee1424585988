import hmac
from typing import Protocol

from aiohttp import web

from sterna_api.http.caller import CALLER, Caller
from sterna_api.http.errors import Handler
from sterna_core.api_key.key import PREFIX, Pepper, is_well_formed
from sterna_core.errors import Unauthorized
from sterna_core.secrets.secret import Secret

PUBLIC_PATHS = frozenset(
    {"/healthz", "/readyz", "/openapi.json", "/v1/openapi.json", "/v1/asyncapi.json"}
)
"""Everything else needs a key."""

BOOTSTRAP_ORG_ID = "org_default"
BOOTSTRAP_KEY_ID = "key_bootstrap"
_SCHEME = "bearer"
_KEY_CHARACTERS_MAX = 200


class ApiKeys(Protocol):
    """Knows the keys that are accepted, by their digests."""

    async def caller_by_digest(self, digest: str) -> Caller | None:
        """Give whose key this is, if it is accepted now."""
        ...


class Authenticator:
    """Tells who sent a request from its key, and from nothing else."""

    def __init__(self, keys: ApiKeys, pepper: Pepper, *, bootstrap_key: Secret | None) -> None:
        self._keys = keys
        self._pepper = pepper
        self._bootstrap_digest = pepper.digest(bootstrap_key.reveal()) if bootstrap_key else None

    async def caller(self, authorization: list[str]) -> Caller:
        """Read the Authorization headers; raises Unauthorized, always with the same words."""
        key = _bearer(authorization)
        if key is None:
            raise _refusal()
        digest = self._pepper.digest(key)
        if self._bootstrap_digest and hmac.compare_digest(digest, self._bootstrap_digest):
            return Caller(BOOTSTRAP_ORG_ID, BOOTSTRAP_KEY_ID)
        caller = await self._keys.caller_by_digest(digest) if is_well_formed(key) else None
        if caller is None:
            raise _refusal()
        return caller

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse every request without a valid key, whatever it asks for."""
        if request.path not in PUBLIC_PATHS:
            request[CALLER] = await self.caller(request.headers.getall("Authorization", []))
        return await handler(request)


def _bearer(headers: list[str]) -> str | None:
    if len(headers) != 1:
        return None
    scheme, _, key = headers[0].strip().partition(" ")
    key = key.strip()
    if scheme.lower() != _SCHEME or not key.startswith(PREFIX) or len(key) > _KEY_CHARACTERS_MAX:
        return None
    return key


def _refusal() -> Unauthorized:
    return Unauthorized("Send a valid key in the header 'Authorization: Bearer sk_…'.")
