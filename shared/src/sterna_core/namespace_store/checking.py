"""What no store keeps, told before anything is written: every store refuses the same."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from sterna_core.errors import DataRejected, InvalidRequest
from sterna_core.namespace.feature_uri import parse_feature_uri
from sterna_core.namespace_store.condition import check_condition
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import HALVED, MOST_DIMENSIONS, MOST_OF_HALF, Feature
from sterna_core.namespace_store.query import Query
from sterna_core.namespace_store.vector import BYTES_OF_FLOAT, Vector

_NAME = re.compile(r"[A-Za-z0-9_-]{1,48}")
_LONGEST_ID_BYTES = 1024
_FIRST_BYTES_OF_HALVES = bytes({*range(0x47), *range(0x80, 0xC7)})
"""With which all numbers of 32 bits begin that are below 32,768, whatever their sign."""
_encode = msgspec.json.Encoder().encode
_NUL_IN_JSON = b"\\u0000"
_INTEGERS = range(-(2**63), 2**64)


def check_name(name: str) -> None:
    """Raise InvalidRequest where a space or an alias cannot be called so."""
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            "A name of a space has 1 to 48 letters, digits, underscores and hyphens.",
            code="bad_space_name",
        )


def check_features(features: Sequence[Feature]) -> None:
    """Raise InvalidRequest where features are of no use: not addresses, twice, without numbers."""
    for each in features:
        uri = parse_feature_uri(each.uri)
        if uri is None or not 1 <= each.dimensions <= MOST_DIMENSIONS:
            raise InvalidRequest(
                f"A feature has an address such as sterna://extractor@version/output and 1 to"
                f" {MOST_DIMENSIONS} dimensions.",
                code="bad_feature",
                details={"feature_uri": each.uri},
            )
    if len({each.uri for each in features}) < len(features):
        raise InvalidRequest("A space has each feature once.", code="bad_feature")


def check_documents(
    documents: Sequence[Document], features: Mapping[str, Feature]
) -> tuple[bytes, ...]:
    """Raise DataRejected for the first document that cannot be kept; give the payloads as JSON."""
    seen: set[str] = set()
    payloads = []
    for document in documents:
        if document.document_id in seen:
            raise _rejected(document, "duplicate_id", "stands twice in one call")
        seen.add(document.document_id)
        if not (_is_name(document.document_id) and _is_name(document.collection_id)):
            raise _rejected(
                document,
                "bad_document_id",
                f"needs ids of 1 to {_LONGEST_ID_BYTES} bytes of UTF-8 without NUL",
            )
        payloads.append(_encoded(document))
        for uri, vector in document.vectors.items():
            _check_vector(document, uri, vector, features)
    return tuple(payloads)


def check_feature(uri: str, features: Mapping[str, Feature]) -> Feature:
    """Give a feature of a space; raise InvalidRequest where it has no such."""
    if uri not in features:
        raise InvalidRequest(
            "The space has no vectors of this feature.",
            code="unknown_feature",
            details={"feature_uri": uri},
        )
    return features[uri]


def check_query(query: Query, features: Mapping[str, Feature]) -> Feature:
    """Raise InvalidRequest where a query is not for this space; give the feature it asks about."""
    feature = check_feature(query.feature_uri, features)
    if query.vector.dimensions != feature.dimensions or not _finite(query.vector):
        raise InvalidRequest(
            f"A vector of this feature has {feature.dimensions} finite numbers.",
            code="wrong_dimensions",
            details={"feature_uri": query.feature_uri, "dimensions": feature.dimensions},
        )
    if feature.dimensions in HALVED:
        check_half(query)
    if query.limit < 1:
        raise InvalidRequest("A query asks for at least one document.", code="bad_limit")
    for each in query.conditions:
        check_condition(each)
    return feature


def check_half(query: Query) -> None:
    """Raise InvalidRequest where the vector of a query has a number that is none of 16 bits."""
    if not _fits_half(query.vector):
        raise InvalidRequest(
            f"A vector of this feature has numbers of at most {MOST_OF_HALF:,.0f}.",
            code="number_too_large",
            details={"feature_uri": query.feature_uri},
        )


def _fits_half(vector: Vector) -> bool:
    """Tell whether all numbers can be of 16 bits; only where a first byte is suspect are they looked at."""
    if not vector.packed[::BYTES_OF_FLOAT].translate(None, _FIRST_BYTES_OF_HALVES):
        return True
    return all(abs(each) <= MOST_OF_HALF for each in vector.values())


def _check_vector(
    document: Document, uri: str, vector: Vector, features: Mapping[str, Feature]
) -> None:
    feature = features.get(uri)
    packed = vector.packed
    if feature is None:
        raise _rejected(
            document,
            "unknown_feature",
            "has a vector of a feature that the space has not",
            feature_uri=uri,
        )
    if len(packed) != BYTES_OF_FLOAT * feature.dimensions:
        raise _rejected(
            document,
            "wrong_dimensions",
            f"has a vector of {vector.dimensions} dimensions where {feature.dimensions} belong",
            feature_uri=uri,
        )
    if not _finite(vector):
        raise _rejected(document, "not_finite", "has a vector that is not finite", feature_uri=uri)
    if feature.dimensions in HALVED and not _fits_half(vector):
        raise _rejected(
            document,
            "number_too_large",
            f"has a vector with a number above {MOST_OF_HALF:,.0f}, too large for its dimensions",
            feature_uri=uri,
        )


def _finite(vector: Vector) -> bool:
    """Tell whether all numbers are finite; only where a first byte is suspect are they looked at."""
    first = vector.packed[::BYTES_OF_FLOAT]
    if b"\xff" not in first and b"\x7f" not in first:
        return True
    return all(map(math.isfinite, vector.values()))


def _encoded(document: Document) -> bytes:
    try:
        encoded = _encode(document.payload)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise _rejected(document, "bad_payload", "has a payload that is not JSON") from None
    if not _whole_numbers_fit(document.payload.values()):
        raise _rejected(document, "bad_payload", "has a whole number of more than 64 bits")
    if _NUL_IN_JSON in encoded and not _without_nul(document.payload):
        raise _rejected(document, "bad_payload", "has a NUL in its payload")
    return encoded


def _whole_numbers_fit(values: Iterable[Any]) -> bool:
    for value in values:
        kind = type(value)
        if kind is str:
            continue
        if kind is int:
            if value not in _INTEGERS:
                return False
        elif (kind is dict and not _whole_numbers_fit(value.values())) or (
            kind in {list, tuple} and not _whole_numbers_fit(value)
        ):
            return False
    return True


def _without_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, Mapping):
        return all("\0" not in name and _without_nul(each) for name, each in value.items())
    return not isinstance(value, list | tuple) or all(map(_without_nul, value))


def _is_name(text: str) -> bool:
    """Tell whether every store can keep an id: no NUL, and no half of a surrogate pair."""
    if "\0" in text:
        return False
    if text.isascii():
        return 0 < len(text) <= _LONGEST_ID_BYTES
    encoded = text.encode(errors="replace")
    return encoded.decode() == text and len(encoded) <= _LONGEST_ID_BYTES


def _rejected(document: Document, code: str, what: str, **details: Any) -> DataRejected:
    return DataRejected(
        f"A document {what}.",
        code=code,
        details={"document_id": document.document_id, **details},
    )
