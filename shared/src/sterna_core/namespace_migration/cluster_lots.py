from collections.abc import Iterable

from sterna_core.namespace.resource import Resource


def cluster_lots(clusters: Iterable[Resource]) -> tuple[tuple[str, ...], ...]:
    """Divide clusters so that no two of a lot are about the same collection.

    Each writes into the documents of its collections, all of a document at once: two at the same
    time would undo what the other wrote.
    """
    lots: list[tuple[list[str], set[str]]] = []
    for cluster in clusters:
        wanted = set(cluster.definition.get("collection_ids") or ())
        for names, taken in lots:
            if not wanted & taken:
                names.append(cluster.resource_id)
                taken.update(wanted)
                break
        else:
            lots.append(([cluster.resource_id], wanted))
    return tuple(tuple(names) for names, _ in lots)
