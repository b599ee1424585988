"""A collection that is there already, read as documents."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from qdrant_client import models

from sterna_core.errors import InvalidRequest
from sterna_core.namespace_store.adoption import AdoptedFeature, Adoption
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Metric
from sterna_core.namespace_store.qdrant.points import any_of, nothing, packed, quoted
from sterna_core.namespace_store.vector import Vector

_LARGEST_NUMBER = 2**64
_DISTANCES: dict[Metric, models.Distance] = {
    "cosine": models.Distance.COSINE,
    "dot": models.Distance.DOT,
    "euclid": models.Distance.EUCLID,
}


class AdoptedLayout:
    """Points as somebody else wrote them; where a cosine is meant, Qdrant keeps unit vectors."""

    def __init__(self, adoption: Adoption) -> None:
        self._adoption = adoption

    def document(self, record: models.Record | models.ScoredPoint, *, whole: bool) -> Document:
        """Make a document of a point."""
        adoption = self._adoption
        payload: dict[str, Any] = record.payload or {}
        names = {adoption.id_column, adoption.collection_column}
        rest = {name: value for name, value in payload.items() if name not in names}
        if adoption.payload_column is not None:
            inner = payload.get(adoption.payload_column)
            rest = inner if isinstance(inner, dict) else {}
        return Document(
            _text(payload, adoption.id_column, str(record.id)),
            _text(payload, adoption.collection_column, adoption.collection_id),
            rest,
            self._vectors(record) if whole else {},
        )

    def ids(self, names: Sequence[str]) -> models.Filter:
        """Find points by their ids, or by the field that has them."""
        if self._adoption.id_column is not None:
            return any_of(self._adoption.id_column, names)
        points: list[int | str | UUID] = [
            point for point in map(_point, names) if point is not None
        ]
        return models.Filter(must=[models.HasIdCondition(has_id=points)])

    def collections(self, names: Sequence[str]) -> models.Filter | None:
        """Find points by the field that names the collection; or all, or none."""
        if self._adoption.collection_column is not None:
            return any_of(self._adoption.collection_column, names)
        return None if self._adoption.collection_id in names else nothing()

    def field(self, steps: Sequence[str]) -> str:
        """Lead into what is the payload of documents."""
        inner = self._adoption.payload_column
        return quoted(steps if inner is None else [inner, *steps])

    def _vectors(self, record: models.Record | models.ScoredPoint) -> dict[str, Vector]:
        vectors = record.vector
        by_name = vectors if isinstance(vectors, dict) else {"": vectors}
        return {
            each.feature.uri: packed(by_name[each.column])
            for each in self._adoption.features
            if by_name.get(each.column) is not None
        }


def check_collection(info: models.CollectionInfo, adoption: Adoption) -> None:
    """Raise InvalidRequest where a collection has not the vectors that are to be adopted."""
    config = info.config.params.vectors
    vectors = config if isinstance(config, dict) else {"": config}
    for each in adoption.features:
        _check_vectors(vectors.get(each.column), each)


def _check_vectors(params: models.VectorParams | None, adopted: AdoptedFeature) -> None:
    feature = adopted.feature
    if (
        params is None
        or params.multivector_config is not None
        or params.size != feature.dimensions
        or params.distance != _DISTANCES[feature.metric]
    ):
        raise InvalidRequest(
            f"The collection has no vectors of that name with {feature.dimensions} dimensions"
            f" and the metric {feature.metric}.",
            code="bad_adoption",
            details={"column": adopted.column},
        )


def _text(payload: dict[str, Any], field: str | None, otherwise: str) -> str:
    """Give what a field has as a text; a point without it cannot be told from others."""
    if field is None:
        return otherwise
    if field not in payload:
        raise InvalidRequest(
            "A point of the collection has no such field.",
            code="bad_adoption",
            details={"column": field},
        )
    return str(payload[field])


def _point(name: str) -> int | str | None:
    """Read an id as that of a point; None where no point can have it."""
    if name.isdecimal() and name.isascii() and str(int(name)) == name:
        return int(name) if int(name) < _LARGEST_NUMBER else None
    try:
        return name if str(UUID(name)) == name else None
    except ValueError:
        return None
