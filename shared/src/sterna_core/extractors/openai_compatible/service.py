import asyncio
import math
from collections.abc import Sequence
from http import HTTPStatus

import aiohttp
import msgspec
import structlog

from sterna_core.errors import Misconfigured, RateLimited, Unreachable
from sterna_core.extractors.openai_compatible.answer import WrongAnswer, read_vectors
from sterna_core.extractors.openai_compatible.model import Model
from sterna_core.extractors.openai_compatible.patience import Patience
from sterna_core.extractors.service_access import ServiceAccess
from sterna_core.extractors.vector import Matrix

REQUEST_SECONDS = 60.0
ANSWER_BYTES_MAX = 128 * 1024 * 1024
_REFUSED = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, 422}
_NO_ENTRY = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_AGAIN = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}
_log = structlog.get_logger(__name__)


class TextsRefused(Exception):
    """The service refuses what these texts are, and said so without being asked too often."""


class EmbeddingService:
    """One model of a service that answers `/v1/embeddings`, asked within deadlines and again."""

    def __init__(
        self,
        access: ServiceAccess,
        model: Model,
        patience: Patience,
        *,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        root = access.base_url.rstrip("/").removesuffix("/v1")
        self._url = f"{root}/v1/embeddings"
        self._key = access.key
        self._model = model
        self._patience = patience
        self._request_seconds = request_seconds

    def session(self) -> aiohttp.ClientSession:
        """Make a session for some requests: no cookies, no proxies of the environment."""
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key.reveal()}"
        return aiohttp.ClientSession(
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=self._request_seconds),
        )

    async def vectors(self, session: aiohttp.ClientSession, texts: Sequence[str]) -> Matrix:
        """Give the vectors of texts in their order.

        Raises TextsRefused, RateLimited and Unreachable once asking again does not help for now,
        and Misconfigured and WrongAnswer.
        """
        question: dict[str, object] = {"model": self._model.name, "input": list(texts)}
        if self._model.asks_for_dimension:
            question["dimensions"] = self._model.dimension
        body = msgspec.json.encode(question | {"encoding_format": "float"})
        failures = 0
        while True:
            status, retry_after, answer = await self._post(session, body)
            if status == HTTPStatus.OK:
                return read_vectors(answer, texts=len(texts), dimension=self._model.dimension)
            if status is not None and status < 500 and status not in _AGAIN:
                raise _refusal(status)
            failures += 1
            pause = self._patience.pause_seconds(failures, retry_after)
            if failures >= self._patience.tries or pause > self._patience.longest_pause_seconds:
                raise _given_up(status, pause)
            _log.info("embedding.asked_again", status=status, failures=failures, seconds=pause)
            await self._patience.sleep(pause)

    async def _post(
        self, session: aiohttp.ClientSession, body: bytes
    ) -> tuple[int | None, str | None, bytes]:
        """Give status, Retry-After and body; no status where there was no answer in time."""
        try:
            async with (
                asyncio.timeout(self._request_seconds),
                session.post(self._url, data=body, allow_redirects=False) as response,
            ):
                answer = b""
                if response.status == HTTPStatus.OK:
                    answer = await _bounded(response)
                return response.status, response.headers.get("Retry-After"), answer
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            raise Misconfigured("STERNA_EMBEDDING_URL is not a URL.") from None
        except (aiohttp.ClientError, OSError):
            return None, None, b""


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    parts = bytearray()
    async for block in response.content.iter_any():
        parts += block
        if len(parts) > ANSWER_BYTES_MAX:
            raise WrongAnswer("The embedding service's answer has no end in sight.")
    return bytes(parts)


def _refusal(status: int) -> Exception:
    if status in _REFUSED:
        return TextsRefused()
    if status in _NO_ENTRY:
        return Misconfigured(
            "The embedding service refuses the key: set STERNA_EMBEDDING_KEY.",
            code="embedding_key_refused",
        )
    return Misconfigured(
        f"The embedding service answers {status}: STERNA_EMBEDDING_URL or `model` is wrong.",
        code="embedding_service_wrong",
        details={"status": status},
    )


def _given_up(status: int | None, pause_seconds: float) -> Exception:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(
            "The embedding service wants fewer requests; the work goes on later.",
            retry_after_seconds=math.ceil(pause_seconds),
        )
    return Unreachable(
        "The embedding service does not answer, or fails.",
        code="embedding_service_unreachable",
        details={} if status is None else {"status": status},
    )
