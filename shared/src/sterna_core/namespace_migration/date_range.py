"""Which documents are wanted by their dates: `filters.date_range`."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from msgspec import Struct

from sterna_core.errors import InvalidRequest
from sterna_core.namespace.input_text import input_text
from sterna_core.namespace.json_path import pattern, places
from sterna_core.namespace.resource import Resource

Path = tuple[str, ...]
Standing = Literal["inside", "outside", "undated"]

FIELDS: Final = ("field", "after", "before")
_USUAL: Final[tuple[Path, ...]] = (("created_at",), ("_internal", "created_at"))
"""Where the date of a document is looked for when no field is named: the first that is there."""
_LABELS: Final = (
    pattern("source_collection.collection_id"),
    pattern("hierarchical_nodes[].collection_id"),
)


class WrongDateRange(InvalidRequest):
    """A range of dates means nothing; `key` says which of its entries."""

    code = "date_range_invalid"

    def __init__(self, message: str, key: str | None = None) -> None:
        super().__init__(message, details={} if key is None else {"key": key})
        self.key = key


class DateRange(Struct, frozen=True):
    """Documents from `after` on, with that moment itself, and before `before`, without it.

    So the documents of two ranges that meet are those of both together, and none twice.
    """

    paths: tuple[Path, ...] = _USUAL
    after: datetime | None = None
    before: datetime | None = None

    @property
    def is_everything(self) -> bool:
        """Tell whether nothing is bounded, so that dates are not looked at."""
        return self.after is None and self.before is None

    def standing(self, payload: Mapping[str, Any]) -> Standing:
        """Tell where a document stands; one without a date cannot be wanted by its date."""
        if self.is_everything:
            return "inside"
        found = (input_text(payload, path) for path in self.paths)
        text = next((each for each in found if each is not None), None)
        date = instant(text) if isinstance(text, str) else None
        if date is None:
            return "undated"
        from_then = self.after is None or self.after <= date
        until_then = self.before is None or date < self.before
        return "inside" if from_then and until_then else "outside"

    def wants(self, payload: Mapping[str, Any]) -> bool:
        """Tell whether a document goes along."""
        return self.standing(payload) == "inside"


EVERY_DATE: Final = DateRange()


def read_date_range(given: Mapping[str, str] | None) -> DateRange:
    """Read what was asked for; raises WrongDateRange."""
    if not given:
        return EVERY_DATE
    for key in given:
        if key not in FIELDS:
            raise WrongDateRange("A range of dates has `after`, `before` and `field`.", key)
    field = given.get("field")
    if field is not None and not all(field.split(".")):
        raise WrongDateRange("`field` is a field of documents, or a path with dots.", "field")
    after, before = _bound(given, "after"), _bound(given, "before")
    if after is None and before is None:
        raise WrongDateRange("A range of dates needs `after` or `before`.")
    if after is not None and before is not None and after >= before:
        raise WrongDateRange("`before` is not later than `after`: no date is between.", "before")
    paths = _USUAL if field is None else (tuple(field.split(".")),)
    return DateRange(paths, after, before)


def dated_collections(resources: Iterable[Resource]) -> frozenset[str]:
    """Name the collections whose documents are chosen by date.

    Labels go along whole, however old they are, and so do objects of buckets: others name them.
    """
    every = tuple(resources)
    collections = frozenset(each.resource_id for each in every if each.kind == "collection")
    return collections - label_collections(every)


def label_collections(resources: Iterable[Resource]) -> frozenset[str]:
    """Name the collections in which taxonomies keep their labels."""
    return frozenset(
        str(value)
        for each in resources
        if each.kind == "taxonomy"
        for steps in _LABELS
        for _, value in places(each.definition, steps)
    )


def instant(text: str) -> datetime | None:
    """Read a date or a moment by ISO 8601, in UTC where no zone is said; None for other texts."""
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=read.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _bound(given: Mapping[str, str], key: str) -> datetime | None:
    if key not in given:
        return None
    found = instant(given[key])
    if found is None:
        raise WrongDateRange(f"`{key}` is a date or a moment such as 2026-01-31T12:00:00Z.", key)
    return found
