"""What the target is to have of the source's documents: who goes along, and with which vectors."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.errors import Terminal
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.namespace.feature_extractor import feature_uris
from sterna_core.namespace.input_text import input_text
from sterna_core.namespace_migration.batch import Poison
from sterna_core.namespace_migration.date_range import read_date_range
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.vector import Vector
from sterna_core.retriever.embedding import InstalledEmbedders, NamespaceEmbedder
from sterna_core.tasks.namespace_work import CompareCollection, MoveBatch, NamespaceTask
from sterna_executor.namespaces.documents import copied


class ExtractorMissing(Terminal):
    """An executor has not the extractor that the migration was validated with."""

    code = "extractor_not_installed"


class Arrived(Struct, frozen=True):
    """A page as the target has it, each document beside its id in the source, and what it has not."""

    documents: tuple[tuple[str, Document], ...]
    poison: tuple[Poison, ...] = ()


class Arriving:
    """Makes of documents of a collection, or objects of a bucket, what the target has of them."""

    def __init__(
        self,
        task: NamespaceTask,
        work: MoveBatch | CompareCollection,
        rewriting: Rewriting,
        embedders: InstalledEmbedders,
    ) -> None:
        self._kind = work.kind
        self._text_path = work.text_path
        self._dates = read_date_range(work.date_range)
        self.rewriting = rewriting
        self._embedder: NamespaceEmbedder | None = None
        if task.config.migration_type == "re_extract" and work.kind == "collection":
            self._embedder = embedders.of(task.target.extractors)
        self._feature_uris = tuple(feature_uris(task.target.extractors))

    @property
    def makes_vectors(self) -> bool:
        """Tell whether a page costs more than to be read."""
        return self._embedder is not None

    async def page(self, documents: Sequence[Document]) -> Arrived:
        """Give what arrives of a page; raises what extractors raise.

        A document without a text goes without a vector, and one whose text can have none stays
        behind, as in an upload.
        """
        wanted = documents
        if not self._dates.is_everything:
            wanted = [each for each in documents if self._dates.wants(each.payload)]
        written = [copied(each, self.rewriting, self._kind) for each in wanted]
        names = [each.document_id for each in wanted]
        if self._embedder is None:
            return Arrived(tuple(zip(names, written, strict=True)))
        made = [dict[str, Vector | RejectedText]() for _ in wanted]
        texts = {
            place: text
            for place, each in enumerate(wanted)
            if (text := input_text(each.payload, self._text_path)) is not None
        }
        for uri in self._feature_uris if texts else ():
            await require(self._embedder, uri)
            vectors = await self._embedder.embed_all(uri, list(texts.values()))
            for place, vector in zip(texts, vectors, strict=True):
                made[place][uri] = vector
        arrived, poison = list[tuple[str, Document]](), list[Poison]()
        for name, document, vectors_of in zip(names, written, made, strict=True):
            sound = {
                u: each for u, each in vectors_of.items() if not isinstance(each, RejectedText)
            }
            wrong = next((e for e in vectors_of.values() if isinstance(e, RejectedText)), None)
            if wrong is None:
                arrived.append((name, replace(document, vectors=sound)))
            else:
                poison.append(
                    Poison(document_id=name, code=f"text_{wrong.reason}", reason=wrong.message)
                )
        return Arrived(tuple(arrived), tuple(poison))


async def require_extractors(task: NamespaceTask, embedders: InstalledEmbedders) -> None:
    """Raise ExtractorMissing where this executor cannot make the vectors of the target."""
    if task.config.migration_type != "re_extract":
        return
    embedder = embedders.of(task.target.extractors)
    for uri in feature_uris(task.target.extractors):
        await require(embedder, uri)


async def require(embedder: NamespaceEmbedder, feature_uri: str) -> None:
    """Raise ExtractorMissing where vectors of a feature cannot be made here."""
    if not await embedder.can_embed(feature_uri):
        raise ExtractorMissing(
            f"This executor cannot make {feature_uri}: install the extractor where executors run,"
            " set what it needs, and resume.",
            details={"feature_uri": feature_uri},
        )
