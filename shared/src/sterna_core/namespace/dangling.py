"""References that lead nowhere."""

from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct

from sterna_core.namespace.filter_places import CLUSTER, filter_places
from sterna_core.namespace.json_path import Path, pattern, places, texts
from sterna_core.namespace.references import references
from sterna_core.namespace.resource import Resource
from sterna_core.namespace.shape import searched_features

DANGLING_TOLD = 100
"""Places that are named; all are counted."""
_STAGES: Path = ("stages",)


class Dangling(Struct, frozen=True, kw_only=True):
    """A place that names what is not there: in a definition (`kind`), or in a `document`."""

    kind: str
    resource_id: str
    path: Path
    names: str


def dangling_references(
    resources: Iterable[Resource],
    features: Collection[str],
    strangers: Collection[str] = frozenset(),
) -> Iterator[Dangling]:
    """Give every place of definitions that names a resource or a feature that is not there.

    `features` are those that the namespace holds vectors of. `strangers` are ids that mean nothing
    here and did elsewhere: in free-form places only these can be told from other texts.
    """
    every = tuple(resources)
    known = {each.resource_id: each.kind for each in every}
    for resource in every:
        found: dict[Path, str] = {
            each.path: each.target_id
            for each in references(resource, known)
            if each.target_id not in known
        }
        elsewhere = frozenset(strangers) - known.keys()
        found |= {path: text for path, text in _free(resource) if text in elsewhere}
        found |= {path: text for path, text in _filtered(resource) if _head(text) in elsewhere}
        lost = [(_STAGES, uri) for uri in searched_features(resource) if uri not in features]
        for path, names in (*found.items(), *lost):
            yield Dangling(
                kind=resource.kind, resource_id=resource.resource_id, path=path, names=names
            )


def _free(resource: Resource) -> Iterator[tuple[Path, str]]:
    """Give texts that may be ids, without those that filters hold against fields of an owner."""
    if resource.kind != "retriever":
        return
    owned = {each.path for each in filter_places(resource) if not each.is_product_field}
    for begin, value in places(resource.definition, pattern("stages[].config")):
        for inner, text in texts(value):
            path = (*begin, *inner)
            if not any(path[:steps] in owned for steps in range(len(begin), len(path) + 1)):
                yield path, text


def _filtered(resource: Resource) -> Iterator[tuple[Path, str]]:
    """Give what filters hold the clusters of documents against: ids, most with a label behind."""
    for each in filter_places(resource):
        if each.is_product_field and each.last == CLUSTER:
            for path, text in texts(each.value):
                yield (*each.path, *path), text


def _head(text: str) -> str:
    return text.partition("/")[0]
