from aiohttp import web

from sterna_api.http.answer import answer
from sterna_api.http.body import decode_body
from sterna_api.http.caller import caller_of
from sterna_api.http.document_bodies import (
    DocumentLineBody,
    DocumentsBody,
    DocumentsQuery,
    read_position,
    show_document,
    show_position,
)
from sterna_api.http.line_vectors import LineVectors
from sterna_api.http.namespace_finder import NamespaceFinder
from sterna_api.http.namespace_spaces import NamespaceSpaces
from sterna_api.http.ndjson import lines_of
from sterna_api.http.problem import InvalidShape, Problem
from sterna_api.http.query import read_query
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found
from sterna_api.http.upload import Upload
from sterna_api.projections.namespaces import Namespaces
from sterna_core.namespace.input_text import input_path
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.retriever.embedding import InstalledEmbedders


class NamespaceDocumentRoutes:
    """`/v1/namespaces/{id}/documents`."""

    def __init__(
        self,
        namespaces: Namespaces,
        finder: NamespaceFinder,
        spaces: NamespaceSpaces,
        embedders: InstalledEmbedders,
        writes: ReadYourWrites,
    ) -> None:
        self._namespaces = namespaces
        self._finder = finder
        self._spaces = spaces
        self._embedders = embedders
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        every = "/v1/namespaces/{namespace_id}/documents"
        one = f"{every}/{{document_id}}"
        return [
            web.post(every, self.upload),
            web.get(every, self.list, allow_head=False),
            web.get(one, self.show, allow_head=False),
        ]

    async def upload(self, request: web.Request) -> web.Response:
        """Write documents, one a line, each in place of the one with its id."""
        known, org_id = await self._finder.find(request), caller_of(request).org_id
        await self._writes.catch_up_with(org_id, known.namespace_id)
        resources = await self._namespaces.resources(org_id, known.namespace_id)
        paths = {
            each.resource_id: input_path(each.definition)
            for each in resources
            if each.kind == "collection"
        }

        def read(line: bytes) -> Document:
            document = decode_body(line, DocumentLineBody).document()
            if document.collection_id not in paths:
                msg = "The namespace has no such collection"
                loc = ("body", "collection_id")
                raise InvalidShape([Problem(loc, msg, "collection_not_found")])
            return document

        async with self._spaces.for_writing(known) as space:
            uris = tuple(each.uri for each in space.features)
            embedder = self._embedders.of(known.view.feature_extractors)
            vectors = LineVectors(embedder, uris, paths)
            upload = Upload(space.documents, space.features, read, vectors)
            return answer(await upload.take(lines_of(request.content)))

    async def list(self, request: web.Request) -> web.Response:
        """Read documents page by page, in the store's order."""
        query = read_query(request, DocumentsQuery)
        known = await self._finder.find(request)
        span = Span(query.collection_id, read_position(query.after, known.view.store.type))
        async with self._spaces.for_reading(known) as space:
            if space is None:
                return answer(DocumentsBody(data=[], next=None))
            page = await space.documents.scan(span, PageLimit(rows=query.limit))
        shown = [show_document(each, with_vectors=query.include_vectors) for each in page.documents]
        return answer(DocumentsBody(data=shown, next=show_position(page.last)))

    async def show(self, request: web.Request) -> web.Response:
        """Show a document with its vectors."""
        known = await self._finder.find(request)
        async with self._spaces.for_reading(known) as space:
            wanted = [request.match_info["document_id"]]
            found = await space.documents.get(wanted) if space else ()
        if not found:
            raise not_found("document")
        return answer(show_document(found[0], with_vectors=True))
