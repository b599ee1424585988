from collections.abc import Iterable

from aiohttp import web

from sterna_api.http.errors import Handler
from sterna_api.http.media import JSON, OCTETS, PROBLEM, accepts_any, is_json, is_ndjson
from sterna_api.openapi.operation import Media, Operation


class Negotiation:
    """Refuses bodies that are not JSON, and clients that take nothing of what can be answered."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        table = tuple(operations)
        self._types = {operation.key: _types_of(operation) for operation in table}
        self._by_file = {
            operation.key: (OCTETS, operation.file.type)
            for operation in table
            if operation.file is not None
        }
        self._by_lines = {operation.key for operation in table if operation.lines is not None}

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer 415 or 406 where there is no type for both sides."""
        resource = request.match_info.route.resource
        if resource is not None:
            method = "GET" if request.method == "HEAD" else request.method
            types = self._types.get((method, resource.canonical), (JSON, PROBLEM))
            if not accepts_any(request.headers.getall("Accept", []), types):
                raise web.HTTPNotAcceptable
        given = request.headers.get("Content-Type")
        if given is not None and request.can_read_body and not self._takes(request, given):
            raise web.HTTPUnsupportedMediaType
        return await handler(request)

    def _takes(self, request: web.Request, given: str) -> bool:
        resource = request.match_info.route.resource
        by_lines = resource is not None and (request.method, resource.canonical) in self._by_lines
        if is_json(given) or (by_lines and is_ndjson(given)):
            return True
        kind = given.partition(";")[0].strip().lower()
        key = (request.method, resource.canonical) if resource is not None else ("", "")
        return kind in self._by_file.get(key, ())


def _types_of(operation: Operation) -> tuple[str, ...]:
    found = [JSON, PROBLEM]
    for answer in operation.answers.values():
        kinds = answer if isinstance(answer, tuple) else (answer,)
        found += [each.type.partition(";")[0] for each in kinds if isinstance(each, Media)]
    return tuple(found)
