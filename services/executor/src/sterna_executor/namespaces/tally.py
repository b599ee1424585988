"""How many documents have another label than before."""

from msgspec import Struct

from sterna_core.namespace_store.content_sum import ContentSum


class Tally(Struct, frozen=True, kw_only=True):
    """What became of documents; kept in the receipt of each page."""

    documents: int = 0
    labelled_before: int = 0
    labelled_after: int = 0
    changed: int = 0
    contents: ContentSum = ContentSum()

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            documents=self.documents + other.documents,
            labelled_before=self.labelled_before + other.labelled_before,
            labelled_after=self.labelled_after + other.labelled_after,
            changed=self.changed + other.changed,
            contents=self.contents + other.contents,
        )

    def figures(self) -> dict[str, float]:
        """Give what is reported."""
        share = self.changed / self.documents if self.documents else 0.0
        return {
            "documents": float(self.documents),
            "labelled_before": float(self.labelled_before),
            "labelled_after": float(self.labelled_after),
            "labels_changed": float(self.changed),
            "labels_changed_share": round(share, 6),
        }
