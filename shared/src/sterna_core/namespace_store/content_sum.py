from collections.abc import Iterable
from hashlib import blake2b

import msgspec
from msgspec import Struct

from sterna_core.namespace_store.document import Document

_BITS = 128
_MODULUS = 1 << _BITS
_LENGTH = 4
_encoder = msgspec.json.Encoder(order="deterministic")


class ContentSum(Struct, frozen=True):
    """How many documents there are and the sum of their hashes: equal contents have equal sums.

    The order of documents, of fields and of vectors has no say; an int and a float do not count as
    equal. The sums of parts add up to the sum of the whole.
    """

    count: int = 0
    sum: str = "0" * (_BITS // 4)

    def __add__(self, other: "ContentSum") -> "ContentSum":
        total = (int(self.sum, 16) + int(other.sum, 16)) % _MODULUS
        return ContentSum(self.count + other.count, f"{total:032x}")


def content_sum(documents: Iterable[Document]) -> ContentSum:
    """Sum up ids, collections, payloads and vectors, bit by bit."""
    count = total = 0
    for document in documents:
        count += 1
        total += _hash(document)
    return ContentSum(count, f"{total % _MODULUS:032x}")


def _hash(document: Document) -> int:
    """Hash the parts, each behind its length, so that no two documents read the same."""
    parts = [
        document.document_id.encode(),
        document.collection_id.encode(),
        _encoder.encode(document.payload),
    ]
    for uri in sorted(document.vectors):
        parts += (uri.encode(), document.vectors[uri].packed)
    digest = blake2b(digest_size=_BITS // 8)
    for part in parts:
        digest.update(len(part).to_bytes(_LENGTH, "big"))
        digest.update(part)
    return int.from_bytes(digest.digest(), "big")
