"""Old ids and new ones, line by line: as JSON, or as CSV."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from sterna_api.http.media import NDJSON, accepts_any
from sterna_core.namespace.resource import ResourceKind

CSV = "text/csv"
Format = Literal["application/x-ndjson", "text/csv"]
_encoder = msgspec.json.Encoder()


class IdLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an id of the source is in the target; documents are named with their collection."""

    kind: Literal["namespace", "document"] | ResourceKind
    old: str
    new: str
    collection: str | None = None


def format_for(accept: Sequence[str]) -> Format | None:
    """Give what a client takes, by lines of JSON where it takes both; None for neither."""
    if accepts_any(accept, (NDJSON,)):
        return "application/x-ndjson"
    return "text/csv" if accepts_any(accept, (CSV,)) else None


def heading(kind: Format) -> bytes:
    """Give what comes before all lines."""
    return b"kind,old,new,collection\r\n" if kind == CSV else b""


def written(lines: Iterable[IdLine], kind: Format) -> bytes:
    """Write lines."""
    if kind == NDJSON:
        return b"".join(_encoder.encode(each) + b"\n" for each in lines)
    table = io.StringIO()
    csv.writer(table).writerows(
        (each.kind, each.old, each.new, each.collection or "") for each in lines
    )
    return table.getvalue().encode()
