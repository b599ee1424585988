"""Serves the interface; what the server itself refuses has the shape of every other error."""

from http import HTTPStatus
from uuid import uuid4

import structlog
from aiohttp import web

from sterna_api.http.answer import answer
from sterna_api.http.errors import ErrorBody, ErrorDetail
from sterna_api.http.request_id import HEADER

_log = structlog.get_logger()


class InterfaceRunner(web.AppRunner):
    """Runs the application as aiohttp does, but for what cannot be read as a request."""

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        # aiohttp has no public way to say what its connections are.
        server.__class__ = _Server
        return server


class _Connection(web.RequestHandler):
    __slots__ = ()

    def handle_error(  # ruff: ignore[no-self-use]  # aiohttp calls it
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what no route was found for; aiohttp would repeat, and log, what was sent."""
        del message
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun already")
        request_id = f"req_{uuid4().hex}"
        error_type = type(exc).__name__ if exc else None
        _log.warning(
            "request.unreadable", status=status, error_type=error_type, request_id=request_id
        )
        response = answer(_body(status, request_id), status=status, headers={HEADER: request_id})
        response.force_close()
        return response


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


def _body(status: int, request_id: str) -> ErrorBody:
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        kind, code = "BadRequestError", "request_unreadable"
        words = "This is no HTTP/1.1 request: its first line or a header is malformed or too long."
    else:
        kind, code = "InternalServerError", "internal_error"
        words = "Something went wrong here; it has been logged."
    return ErrorBody(status, ErrorDetail(kind, code, words, request_id))
