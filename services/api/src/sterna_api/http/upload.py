"""Writes the lines of an upload into a space, batch by batch, and tells what was wrong with which."""

from collections.abc import AsyncIterator, Callable
from typing import Final

from msgspec import Struct

from sterna_api.http.line_vectors import LineVectors
from sterna_api.http.ndjson import LINE_BYTES_MAX, Line
from sterna_api.http.problem import InvalidShape, Problem
from sterna_core.errors import DataRejected
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.namespace_store.checking import check_documents
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.store import Shelf

BATCH_DOCUMENTS: Final = 200
BATCH_BYTES: Final = 4 * 1024 * 1024
ERRORS_MAX: Final = 100
"""Errors that are told; beyond them they are counted."""


class LineError(Struct, frozen=True, kw_only=True):
    """What is wrong with a line, by its number from 1."""

    line: int
    type: str
    message: str


class UploadedBody(Struct, frozen=True, kw_only=True):
    """What became of an upload: every line was taken, or stands in `errors` or `errors_omitted`."""

    lines: int
    accepted: int
    rejected: int
    errors: tuple[LineError, ...]
    errors_omitted: int


class Upload:
    """One upload onto a shelf; `read` makes a document of a line, and raises InvalidShape."""

    def __init__(
        self,
        shelf: Shelf,
        features: tuple[Feature, ...],
        read: Callable[[bytes], Document],
        vectors: LineVectors | None = None,
    ) -> None:
        self._shelf = shelf
        self._features = {each.uri: each for each in features}
        self._read = read
        self._vectors = vectors
        self._batch: dict[str, tuple[int, Document]] = {}
        self._batch_bytes = 0
        self._accepted = self._rejected = 0
        self._errors: list[LineError] = []

    async def take(self, lines: AsyncIterator[Line]) -> UploadedBody:
        """Take everything; raises what the store raises, and InvalidShape where no line is right."""
        async for line in lines:
            document = self._document(line)
            if document is None:
                continue
            if document.document_id in self._batch:
                await self._flush()
            self._batch[document.document_id] = (line.number, document)
            self._batch_bytes += len(line.content or b"")
            if len(self._batch) >= BATCH_DOCUMENTS or self._batch_bytes >= BATCH_BYTES:
                await self._flush()
        await self._flush()
        if not self._accepted:
            raise InvalidShape(self._problems())
        return UploadedBody(
            lines=self._accepted + self._rejected,
            accepted=self._accepted,
            rejected=self._rejected,
            errors=tuple(self._errors),
            errors_omitted=self._rejected - len(self._errors),
        )

    def _problems(self) -> list[Problem]:
        if not self._errors:
            return [Problem(("body",), "The body has no line with a document", "empty")]
        return [Problem(("body", each.line), each.message, each.type) for each in self._errors]

    def _document(self, line: Line) -> Document | None:
        if line.content is None:
            message = f"A line has at most {LINE_BYTES_MAX // 1024:,} KiB"
            self._reject(line.number, "line_too_long", message)
            return None
        try:
            document = self._read(line.content)
            check_documents((document,), self._features)
        except InvalidShape as error:
            first = error.problems[0]
            place = ".".join(map(str, first.loc[1:]))
            self._reject(line.number, first.type, f"{place}: {first.msg}" if place else first.msg)
            return None
        except DataRejected as error:
            self._reject(line.number, error.code, error.message)
            return None
        return document

    async def _flush(self) -> None:
        batch = list(self._batch.values())
        self._batch, self._batch_bytes = {}, 0
        await self._write(await self._embedded(batch))

    async def _embedded(self, batch: list[tuple[int, Document]]) -> list[tuple[int, Document]]:
        """Give the documents with vectors, but for those whose texts can have none."""
        if self._vectors is None:
            return batch
        filled = await self._vectors.fill([document for _, document in batch])
        kept = []
        for (line, _), each in zip(batch, filled, strict=True):
            if isinstance(each, RejectedText):
                self._reject(line, f"text_{each.reason}", each.message)
            else:
                kept.append((line, each))
        return kept

    async def _write(self, batch: list[tuple[int, Document]]) -> None:
        """Write documents; where the store refuses one, find it by halves."""
        if not batch:
            return
        try:
            await self._shelf.upsert([document for _, document in batch])
        except DataRejected as error:
            if len(batch) == 1:
                self._reject(batch[0][0], error.code, error.message)
                return
            middle = len(batch) // 2
            await self._write(batch[:middle])
            await self._write(batch[middle:])
        else:
            self._accepted += len(batch)

    def _reject(self, line: int, kind: str, message: str) -> None:
        self._rejected += 1
        if len(self._errors) < ERRORS_MAX:
            self._errors.append(LineError(line=line, type=kind, message=message))
