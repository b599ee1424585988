"""Definitions of words from WordNet 3.1, and questions whose answers are known."""

import gzip
from importlib.resources import files
from typing import TypeVar

import msgspec
from msgspec import Struct

DOCUMENTS_FILE = "documents.jsonl.gz"
QUERIES_FILE = "queries.jsonl.gz"

T = TypeVar("T")


class Document(Struct, frozen=True):
    """What one meaning is defined as; `words` are those that have the meaning."""

    id: str
    text: str
    words: tuple[str, ...]


class Query(Struct, frozen=True):
    """The words of one meaning, and which definitions belong to them, by grade.

    Its own definition has the grade 3; those of what WordNet relates to it (kinds, parts, and the
    like) have the grade 1. The words are no part of the definitions that are searched.
    """

    id: str
    text: str
    relevant: dict[str, int]


class Corpus(Struct, frozen=True):
    """Documents to search, and queries to measure by."""

    documents: tuple[Document, ...]
    queries: tuple[Query, ...]

    def part(self, *, documents: int, queries: int) -> "Corpus":
        """Give some of both: the first queries, what is relevant to them, and other documents."""
        asked = self.queries[:queries]
        wanted = {document for query in asked for document in query.relevant}
        others = [each.id for each in self.documents if each.id not in wanted]
        kept = wanted | set(others[: max(0, documents - len(wanted))])
        return Corpus(tuple(each for each in self.documents if each.id in kept), asked)


def read_corpus() -> Corpus:
    """Read the corpus that this package ships; its licence stands beside it."""
    return Corpus(_read(DOCUMENTS_FILE, Document), _read(QUERIES_FILE, Query))


def _read(name: str, kind: type[T]) -> tuple[T, ...]:
    data = files(__package__).joinpath(name).read_bytes()
    decoder = msgspec.json.Decoder(kind)
    return tuple(decoder.decode_lines(gzip.decompress(data)))
