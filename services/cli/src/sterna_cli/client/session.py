import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import uuid4

import aiohttp
import msgspec

from sterna_cli.client.failure import ApiFailure, ApiUnreachable, failure_of
from sterna_core.secrets.secret import Secret

_A = TypeVar("_A")

REQUEST_SECONDS = 30.0
"""How long one attempt may take; the API itself answers within its own, shorter, deadline."""
PATIENCE_SECONDS = 60.0
"""How long a request is repeated while the API is away or does not know the outcome."""
_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 3.0
_RETRIED_STATUSES = frozenset({429, 502, 503, 504})
_RETRIED_CODES = frozenset({"request_in_progress"})
_LARGEST_ANSWER_BYTES = 256 << 20


class Session:
    """Sends requests to one API with one key.

    A request that meets no answer, or one that says to try again, is repeated with the same
    Idempotency-Key until `patience_seconds` are over; so a command is carried out once whatever
    becomes of the API in between. What was written through this session is seen by what is read
    through it afterwards (`Sterna-Position`, `min_position`).
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        key: Secret,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.url = url.rstrip("/")
        self._http = http
        self._headers = {"Authorization": f"Bearer {key.reveal()}"}
        self._patience_seconds = patience_seconds
        self._position: str | None = None

    async def get(
        self, path: str, answer: Callable[[bytes], _A], params: Mapping[str, str] | None = None
    ) -> _A:
        """Read something; raises ApiFailure or ApiUnreachable."""
        query = dict(params or {})
        if self._position is not None:
            query["min_position"] = self._position
        return answer(await self._send("GET", path, query, None, {}))

    async def post(self, path: str, body: object, answer: Callable[[bytes], _A]) -> _A:
        """Send a command; raises ApiFailure or ApiUnreachable."""
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
        return answer(await self._send("POST", path, {}, msgspec.json.encode(body), headers))

    async def patch(self, path: str, body: object, answer: Callable[[bytes], _A]) -> _A:
        """Change something; raises ApiFailure or ApiUnreachable."""
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
        return answer(await self._send("PATCH", path, {}, msgspec.json.encode(body), headers))

    async def put(self, path: str, body: object, answer: Callable[[bytes], _A]) -> _A:
        """Put something in its place; raises ApiFailure or ApiUnreachable."""
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
        return answer(await self._send("PUT", path, {}, msgspec.json.encode(body), headers))

    async def put_file(
        self, path: str, content: bytes, content_type: str, answer: Callable[[bytes], _A]
    ) -> _A:
        """Put a file in its place; raises ApiFailure or ApiUnreachable."""
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": content_type}
        return answer(await self._send("PUT", path, {}, content, headers))

    async def upload(self, path: str, lines: Sequence[bytes], answer: Callable[[bytes], _A]) -> _A:
        """Send JSON documents, one a line; raises ApiFailure or ApiUnreachable."""
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/x-ndjson"}
        return answer(await self._send("POST", path, {}, b"\n".join(lines), headers))

    async def delete(self, path: str) -> None:
        """Delete something; raises ApiFailure or ApiUnreachable."""
        await self._send("DELETE", path, {}, None, {"Idempotency-Key": str(uuid4())})

    async def delete_for(
        self, path: str, params: Mapping[str, str], answer: Callable[[bytes], _A]
    ) -> _A:
        """Delete something that says what became of it; raises ApiFailure or ApiUnreachable."""
        headers = {"Idempotency-Key": str(uuid4())}
        return answer(await self._send("DELETE", path, params, None, headers))

    async def open_stream(
        self,
        path: str,
        params: Mapping[str, str],
        headers: Mapping[str, str],
        silence_seconds: float,
    ) -> aiohttp.ClientResponse:
        """Open a stream, for the caller to close; it breaks after `silence_seconds` of silence."""
        response = await self._http.get(
            self.url + path,
            params=params,
            headers=self._headers | {"Accept": "text/event-stream"} | dict(headers),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=silence_seconds),
            allow_redirects=False,
        )
        if response.status >= 400:
            async with response:
                raise failure_of(response.status, await response.read())
        return response

    async def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> bytes:
        deadline = time.monotonic() + self._patience_seconds
        pause = _PAUSE_SECONDS
        while True:
            try:
                return await self._attempt(method, path, params, body, headers)
            except ApiFailure as failure:
                if not _is_retried(failure) or time.monotonic() + pause > deadline:
                    raise
            except (aiohttp.ClientConnectionError, TimeoutError, aiohttp.ClientPayloadError):
                if time.monotonic() + pause > deadline:
                    raise ApiUnreachable(
                        f"the API at {self.url} did not answer for "
                        f"{self._patience_seconds:.0f} s; is it running?"
                    ) from None
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _attempt(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> bytes:
        async with self._http.request(
            method,
            self.url + path,
            params=params,
            data=body,
            headers=self._headers | dict(headers),
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
            allow_redirects=False,
        ) as response:
            content = await _read(response)
            if response.status >= 400:
                raise failure_of(response.status, content)
            if method != "GET" and (position := response.headers.get("Sterna-Position")):
                self._position = position
            return content


def _is_retried(failure: ApiFailure) -> bool:
    return failure.status in _RETRIED_STATUSES or failure.code in _RETRIED_CODES


async def _read(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for block in response.content.iter_any():
        content += block
        if len(content) > _LARGEST_ANSWER_BYTES:
            raise ApiFailure(200, "answer_too_large", "the API's answer is too large", {})
    return bytes(content)


def decoder(shape: Any) -> Callable[[bytes], Any]:
    """Make the function that reads an answer of a shape; a wrong shape is an ApiFailure."""
    inner = msgspec.json.Decoder(shape)

    def decode(body: bytes) -> Any:
        try:
            return inner.decode(body)
        except msgspec.DecodeError:
            raise ApiFailure(
                200, "unexpected_answer", "the API's answer has another shape than known here", {}
            ) from None

    return decode
