"""The field `cluster_id` of a document: one entry for each cluster that it belongs to.

An entry is `<cluster>/<label>`, the id of the resource and the number of the group in it, or the
id alone. One entry stands as a text, more as a list.
"""

from collections.abc import Collection, Iterable
from typing import Any

FIELD = "cluster_id"


def assigned(value: Any, cluster_id: str) -> str | None:
    """Give what a document says of a cluster: the label, empty for the id alone; None for nothing."""
    for entry in _entries(value):
        head, _, label = entry.partition("/")
        if head == cluster_id:
            return label
    return None


def reassigned(
    value: Any, cluster_id: str, label: str | None, clusters: Collection[str]
) -> str | list[str] | None:
    """Give the field with another label of one cluster; None where nothing is left of it.

    Of other entries those stay that name one of `clusters`.
    """
    kept = {
        entry
        for entry in _entries(value)
        if (head := entry.partition("/")[0]) != cluster_id and head in clusters
    }
    if label is not None:
        kept.add(f"{cluster_id}/{label}")
    entries = sorted(kept)
    return entries[0] if len(entries) == 1 else entries or None


def _entries(value: Any) -> Iterable[str]:
    each = value if isinstance(value, list) else [value]
    return (entry for entry in each if isinstance(entry, str) and entry)
