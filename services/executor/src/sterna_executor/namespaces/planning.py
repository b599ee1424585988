"""Cuts the documents of a collection into batches."""

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.errors import NotFound
from sterna_core.namespace_migration.batch import Batch
from sterna_core.namespace_migration.date_range import EVERY_DATE, DateRange
from sterna_core.namespace_store.span import Span
from sterna_core.namespace_store.store import ReadableShelf
from sterna_core.tasks.namespace_work import PlanBatches
from sterna_executor.namespaces.pages import pages


class Planned(Struct, frozen=True):
    """A batch, and how many documents between its bounds are not wanted, or have no date."""

    batch: Batch
    left_out: int = 0
    undated: int = 0


class SourceGone(NotFound):
    """The source had documents, and nothing of it is there any more."""

    code = "source_gone"


def require_never_there(work: PlanBatches) -> None:
    """Take a source that is not there for an empty one only if none was seen; raises SourceGone."""
    if work.counted or work.part:
        raise SourceGone(
            "The source has gone since it was looked at; put it back and resume, or cancel the"
            " migration.",
            details={"counted": work.counted},
        )


async def plan_batches(
    shelf: ReadableShelf,
    collection_id: str,
    rows: int,
    after: str | None,
    dates: DateRange = EVERY_DATE,
) -> tuple[Planned, ...]:
    """Cut what is behind a position into batches; the last one is open, for what is added later."""
    planned: list[Planned] = []
    ends = await shelf.boundaries(rows, Span(collection_id, after))
    for end in (*ends[:-1], None):
        piece = await _piece(shelf, Span(collection_id, after, end), rows, dates)
        last = planned[-1] if planned else None
        together = last.batch.expected + piece.batch.expected if last else 0
        if last is not None and not dates.is_everything and together <= rows:
            planned[-1] = Planned(
                replace(last.batch, until=end, expected=together),
                last.left_out + piece.left_out,
                last.undated + piece.undated,
            )
        else:
            planned.append(piece)
        after = end
    return tuple(planned)


async def _piece(shelf: ReadableShelf, span: Span, rows: int, dates: DateRange) -> Planned:
    """Count what is wanted of a piece, which where dates tell is found by reading it."""
    if dates.is_everything:
        expected = rows if span.upto is not None else await shelf.count(span)
        return Planned(Batch(after=span.after, until=span.upto, expected=expected))
    inside = outside = undated = 0
    async for _, page in pages(shelf, span):
        for document in page:
            match dates.standing(document.payload):
                case "inside":
                    inside += 1
                case "outside":
                    outside += 1
                case "undated":
                    undated += 1
    batch = Batch(after=span.after, until=span.upto, expected=inside)
    return Planned(batch, outside + undated, undated)
