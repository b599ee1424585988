import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

import msgspec
import structlog
from aiohttp import web
from msgspec import Struct

from sterna_api.http.body import read_body
from sterna_api.http.caller import CALLER
from sterna_api.http.errors import Handler, answer_error
from sterna_api.http.fingerprint import fingerprint
from sterna_api.http.idempotency import idempotency_key
from sterna_api.openapi.operation import Operation
from sterna_api.repeats.answers import (
    Answered,
    Answers,
    Claim,
    KeyedRequest,
    RequestInProgress,
    UnderWay,
)
from sterna_core import ids
from sterna_core.errors import SternaError, Transient
from sterna_core.secrets.keyring import Keyring
from sterna_core.secrets.secret import Secret

REPLAYED_HEADER = "Idempotent-Replayed"
RENEW_SECONDS = 1.5
_FIRST_LOOK_SECONDS = 0.02
_LOOK_SECONDS_MAX = 0.5
_KEPT_HEADERS = ("Content-Type", "ETag", "Sterna-Position")
_KEPT_REFUSALS = frozenset({404, 409, 412})
"""Refusals by what there was; others say nothing was tried, so the same key may be used again."""
_log = structlog.get_logger()


class KeptAnswer(Struct, frozen=True):
    """An answer as it was sent first."""

    status: int
    headers: dict[str, str]
    body: str


class Repeats:
    """Answers a repeat of a request with the same Idempotency-Key from what was answered first."""

    def __init__(
        self,
        operations: Iterable[Operation],
        answers: Answers,
        keyring: Keyring,
        *,
        hash_key: bytes,
        patience_seconds: float,
        renew_seconds: float = RENEW_SECONDS,
    ) -> None:
        self._operations = {operation.key: operation for operation in operations}
        self._answers = answers
        self._keyring = keyring
        self._hash_key = hash_key
        self._patience_seconds = patience_seconds
        self._renew_seconds = renew_seconds

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Carry a request out once.

        Raises InvalidShape for a key that is no word, also where nothing is done that could be
        done twice; KeyReused; and RequestInProgress where the first is not answered in time.
        """
        if request.method in {"GET", "HEAD"}:
            return await handler(request)
        key = idempotency_key(request)
        resource, caller = request.match_info.route.resource, request.get(CALLER)
        if key is None or resource is None or caller is None:
            return await handler(request)
        operation = self._operations[request.method, resource.canonical]
        body = None if operation.body is None else await read_body(request, operation.body)
        found = await self._begin(
            KeyedRequest(
                caller.org_id,
                ids.command_id_for(caller.org_id, key),
                fingerprint(request, body, self._hash_key),
            )
        )
        if isinstance(found, Claim):
            return await self._carry_out(found, request, handler)
        return found

    async def _begin(self, asked: KeyedRequest) -> Claim | web.Response:
        """Claim a request, or give what was answered to it, waiting a while for that."""
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + self._patience_seconds, _FIRST_LOOK_SECONDS
        while True:
            match await self._answers.claim(asked):
                case Claim() as claim:
                    return claim
                case Answered(sealed=sealed):
                    return self._opened(asked, sealed)
                case UnderWay():
                    if loop.time() + pause > deadline:
                        raise RequestInProgress
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LOOK_SECONDS_MAX)

    async def _carry_out(
        self, claim: Claim, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        response: web.StreamResponse | None = None
        try:
            async with self._renewing(claim):
                response = await _answer_of(request, handler)
        finally:
            await self._close(claim, response)
        return response

    async def _close(self, claim: Claim, response: web.StreamResponse | None) -> None:
        """Keep an answer that is one for good; let a request without one be carried out again."""
        try:
            if isinstance(response, web.Response) and _is_final(response.status):
                await self._answers.keep(claim, self._sealed(claim.request, response))
            else:
                await self._answers.release(claim)
        except Transient as error:
            # A repeat is carried out when the lease is over, and its command is known again.
            _log.warning("answer.not_kept", code=error.code)

    @asynccontextmanager
    async def _renewing(self, claim: Claim) -> AsyncGenerator[None, None]:
        """Hold a claim for as long as the context lasts."""
        task = asyncio.create_task(self._renew(claim))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _renew(self, claim: Claim) -> None:
        while True:
            await asyncio.sleep(self._renew_seconds)
            try:
                await self._answers.renew(claim)
            except Transient as error:
                _log.warning("answer.claim_not_renewed", code=error.code)

    def _sealed(self, asked: KeyedRequest, response: web.Response) -> str:
        headers = {
            name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers
        }
        kept = KeptAnswer(response.status, headers, response.text or "")
        text = msgspec.json.encode(kept).decode()
        return self._keyring.seal(Secret(text), context=_context(asked))

    def _opened(self, asked: KeyedRequest, sealed: str) -> web.Response:
        text = self._keyring.open(sealed, context=_context(asked)).reveal()
        kept = msgspec.json.decode(text, type=KeptAnswer)
        return web.Response(
            body=kept.body.encode(),
            status=kept.status,
            headers={**kept.headers, REPLAYED_HEADER: "true"},
        )


async def _answer_of(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the answer, also where it is a refusal that is kept; raises any other."""
    try:
        return await handler(request)
    except SternaError as error:
        response = answer_error(request, error)
        if not _is_final(response.status):
            raise
        return response


def _is_final(status: int) -> bool:
    return 200 <= status < 300 or status in _KEPT_REFUSALS


def _context(asked: KeyedRequest) -> str:
    return f"{asked.org_id}/{asked.command_id}/answer"
