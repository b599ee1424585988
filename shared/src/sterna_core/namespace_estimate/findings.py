"""What an estimate has to say in words: notes that tell, and warnings that stop a start."""

from typing import Final

from sterna_core.namespace_estimate.figures import Estimates
from sterna_core.namespace_migration.finding import Finding

REJECTED_SHARE_MAX: Final = 0.01
"""Of the texts that were looked at, so many may have no vector before it is a warning."""
_SOURCE = ("config", "source_namespace_id")
_EXTRACTORS = ("config", "feature_extractors")
_NOTES: Final = {
    "source_empty": (
        _SOURCE,
        "There is no document and no object: only definitions are migrated.",
    ),
    "not_counted": (
        _SOURCE,
        "Some counts are estimates: counting takes too long, or dates are those of the sample.",
    ),
    "service_not_asked": (
        _EXTRACTORS,
        "{} may cost money and is not asked for an estimate: the duration is without embedding.",
    ),
    "extractor_not_opened": (
        _EXTRACTORS,
        "{}: {} Tokens, cost and time of embedding are not known.",
    ),
    "source_not_read": (_SOURCE, "The source cannot be looked into now: {}"),
    "measuring_busy": (
        _SOURCE,
        "Too many estimates are made at the moment; ask again for figures.",
    ),
}


def note(kind: str, *words: str) -> Finding:
    """Give what is worth knowing and stands against nothing."""
    place, text = _NOTES[kind]
    return Finding(place, text.format(*words), kind)


def warnings_of(estimates: Estimates) -> tuple[Finding, ...]:
    """Give what somebody should look at before a start."""
    sample = estimates.sample
    found = []
    if sample.without_text:
        found.append(
            Finding(
                _SOURCE,
                f"Of {sample.documents} documents that were looked at {sample.without_text} have no"
                " text where their collection says it is: they get no vector.",
                "documents_without_text",
            )
        )
    if sample.rejected > sample.texts * REJECTED_SHARE_MAX:
        found.append(
            Finding(
                _SOURCE,
                f"Of {sample.texts} texts that were looked at {sample.rejected} have no vector: these"
                " documents are set aside.",
                "texts_rejected",
            )
        )
    return tuple(found)
