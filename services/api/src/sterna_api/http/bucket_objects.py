from aiohttp import web

from sterna_api.http.answer import answer
from sterna_api.http.body import decode_body
from sterna_api.http.caller import caller_of
from sterna_api.http.document_bodies import (
    ObjectLineBody,
    ObjectsBody,
    PagesQuery,
    read_position,
    show_object,
    show_position,
)
from sterna_api.http.namespace_finder import NamespaceFinder
from sterna_api.http.namespace_spaces import NamespaceSpaces
from sterna_api.http.ndjson import lines_of
from sterna_api.http.problem import InvalidShape, Problem
from sterna_api.http.query import read_query
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found
from sterna_api.http.upload import Upload
from sterna_api.projections.namespaces import KnownNamespace, Namespaces
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.retriever_history.place import parse_place


class BucketObjectRoutes:
    """`/v1/namespaces/{id}/buckets/{id}/objects`."""

    def __init__(
        self,
        namespaces: Namespaces,
        finder: NamespaceFinder,
        spaces: NamespaceSpaces,
        writes: ReadYourWrites,
    ) -> None:
        self._namespaces = namespaces
        self._finder = finder
        self._spaces = spaces
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        every = "/v1/namespaces/{namespace_id}/buckets/{resource_id}/objects"
        one = f"{every}/{{object_id}}"
        return [
            web.post(every, self.upload),
            web.get(every, self.list, allow_head=False),
            web.get(one, self.show, allow_head=False),
        ]

    async def upload(self, request: web.Request) -> web.Response:
        """Write objects, one a line, each in place of the one with its id."""
        known, bucket_id = await self._bucket(request)

        def read(line: bytes) -> Document:
            body = decode_body(line, ObjectLineBody)
            if parse_place(body.object_id) is not None:
                msg = "Ids that begin with _executions/ or _interactions/ are those of histories"
                raise InvalidShape([Problem(("body", "object_id"), msg, "object_id_reserved")])
            return Document(body.object_id, bucket_id, body.payload)

        async with self._spaces.for_writing(known) as space:
            return answer(await Upload(space.objects, (), read).take(lines_of(request.content)))

    async def list(self, request: web.Request) -> web.Response:
        """Read objects page by page, in the store's order."""
        query = read_query(request, PagesQuery)
        known, bucket_id = await self._bucket(request)
        span = Span(bucket_id, read_position(query.after, known.view.store.type))
        async with self._spaces.for_reading(known) as space:
            if space is None:
                return answer(ObjectsBody(data=[], next=None))
            page = await space.objects.scan(span, PageLimit(rows=query.limit))
        shown = [show_object(each) for each in page.documents]
        return answer(ObjectsBody(data=shown, next=show_position(page.last)))

    async def show(self, request: web.Request) -> web.Response:
        """Show an object."""
        known, bucket_id = await self._bucket(request)
        async with self._spaces.for_reading(known) as space:
            found = await space.objects.get([request.match_info["object_id"]]) if space else ()
        if not found or found[0].collection_id != bucket_id:
            raise not_found("object")
        return answer(show_object(found[0]))

    async def _bucket(self, request: web.Request) -> tuple[KnownNamespace, str]:
        known, bucket_id = await self._finder.find(request), request.match_info["resource_id"]
        org_id = caller_of(request).org_id
        if request.method != "GET":
            await self._writes.catch_up_with(org_id, known.namespace_id)
        if "\0" in bucket_id:
            raise not_found("bucket")
        line = await self._namespaces.resource(org_id, known.namespace_id, "bucket", bucket_id)
        if line is None:
            raise not_found("bucket")
        return known, bucket_id
