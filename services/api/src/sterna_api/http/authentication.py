import hmac
from typing import NoReturn, Protocol

from aiohttp import web
from msgspec.structs import replace

from sterna_api.http.caller import CALLER, ORIGIN, Caller
from sterna_api.http.client_address import is_within
from sterna_api.http.errors import Handler
from sterna_api.http.known_key import KnownKey
from sterna_api.http.limits import Limits
from sterna_api.http.refusals import Refusals
from sterna_core.api_key.key import PREFIX, Pepper, is_feed_token, is_well_formed
from sterna_core.api_key.scope import FEED
from sterna_core.errors import Forbidden, Unauthorized
from sterna_core.secrets.secret import Secret

PUBLIC_PATHS = frozenset(
    {
        "/healthz",
        "/readyz",
        "/docs",
        "/docs/page.css",
        "/docs/page.js",
        "/openapi.json",
        "/v1/openapi.json",
        "/v1/asyncapi.json",
    }
)
"""Everything else needs a key."""

FEED_PATH = "/v1/calendar/migrations.ics"
"""Programs that show calendars send no headers: here the word `token` of the address may stand
for a key, one that allows nothing else."""
FEED_PARAMETER = "token"
_FEED_SCOPES = ("migrations:read",)

BOOTSTRAP_ORG_ID = "org_default"
BOOTSTRAP_KEY_ID = "key_bootstrap"
_SCHEME = "bearer"
_KEY_CHARACTERS_MAX = 200


class ApiKeys(Protocol):
    """Knows the keys there are, by their digests."""

    async def by_digest(self, digest: str) -> KnownKey | None:
        """Give the key with a digest, if there is or was one."""
        ...


class Authenticator:
    """Tells who sent a request from its key, and from nothing else."""

    def __init__(
        self,
        keys: ApiKeys,
        pepper: Pepper,
        limits: Limits,
        refusals: Refusals,
        *,
        bootstrap_key: Secret | None,
    ) -> None:
        self._keys = keys
        self._pepper = pepper
        self._limits = limits
        self._refusals = refusals
        self._bootstrap_digest = pepper.digest(bootstrap_key.reveal()) if bootstrap_key else None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse every request without a valid key, whatever it asks for.

        Raises Unauthorized, always with the same words; Forbidden for an address that the key is
        not accepted from; RateLimited where an address is refused too often.
        """
        if request.path not in PUBLIC_PATHS:
            known = await self._known_to(request)
            if known is None or not known.accepted:
                self._refuse(request, known)
            self._check_address(request, known)
            request[CALLER] = known.caller
        return await handler(request)

    async def _known_to(self, request: web.Request) -> KnownKey | None:
        authorization = request.headers.getall("Authorization", [])
        tokens = request.query.getall(FEED_PARAMETER, [])
        if request.path != FEED_PATH or authorization or not tokens:
            return await self._known(authorization)
        if len(tokens) > 1 or not is_feed_token(tokens[0]):
            return None
        known = await self._keys.by_digest(self._pepper.digest(tokens[0]))
        if known is None or known.caller.scopes != (FEED,):
            return None
        return replace(known, caller=replace(known.caller, scopes=_FEED_SCOPES))

    async def _known(self, authorization: list[str]) -> KnownKey | None:
        key = _bearer(authorization)
        if key is None:
            return None
        digest = self._pepper.digest(key)
        if self._bootstrap_digest and hmac.compare_digest(digest, self._bootstrap_digest):
            return KnownKey(Caller(BOOTSTRAP_ORG_ID, BOOTSTRAP_KEY_ID), accepted=True)
        return await self._keys.by_digest(digest) if is_well_formed(key) else None

    def _refuse(self, request: web.Request, known: KnownKey | None) -> NoReturn:
        self._limits.count_failure(request, request[ORIGIN].address)
        caller = known.caller if known else None
        self._refusals.note(
            request,
            Unauthorized.code,
            caller.org_id if caller else None,
            caller.key_id if caller else None,
        )
        raise Unauthorized("Send a valid key in the header 'Authorization: Bearer sk_…'.")

    def _check_address(self, request: web.Request, known: KnownKey) -> None:
        address = request[ORIGIN].address
        if not known.ip_whitelist or is_within(address, known.ip_whitelist):
            return
        self._limits.count_failure(request, address)
        self._refusals.note(request, Forbidden.code, known.caller.org_id, known.caller.key_id)
        raise Forbidden(
            "The key is not accepted from this address; see its ip_whitelist.",
            details={"ip_address": address},
        )


def _bearer(headers: list[str]) -> str | None:
    if len(headers) != 1:
        return None
    scheme, _, key = headers[0].strip().partition(" ")
    key = key.strip()
    if scheme.lower() != _SCHEME or not key.startswith(PREFIX) or len(key) > _KEY_CHARACTERS_MAX:
        return None
    return key
