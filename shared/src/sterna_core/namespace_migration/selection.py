"""Which resources of a namespace go along: what is wanted, and what that needs."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from sterna_core.namespace.references import Reference, references
from sterna_core.namespace.resource import Resource, ResourceKind
from sterna_core.namespace_migration.config import ResourceFilter
from sterna_core.namespace_migration.finding import Finding, Findings
from sterna_core.namespace_migration.graph import kinds_of

_LISTED: tuple[tuple[str, ResourceKind], ...] = (
    ("collection_ids", "collection"),
    ("taxonomy_ids", "taxonomy"),
    ("cluster_ids", "cluster"),
    ("retriever_ids", "retriever"),
)


class Selection(Struct, frozen=True):
    """What goes along, sorted by id; `added` is what was not listed and is needed."""

    resources: tuple[Resource, ...]
    added: tuple[str, ...]
    findings: Findings


def select(
    resources: Iterable[Resource],
    wanted: ResourceFilter | None,
    *,
    with_reference_collections: bool = True,
) -> Selection:
    """Choose resources by a filter, and follow their references where the filter allows it.

    Buckets come only as what others need. Without `with_reference_collections` a taxonomy does not
    bring the collections that it takes its labels from. What is needed and does not come along is
    an error, what is only applied a warning: it is cut from the definition.
    """
    by_id = {each.resource_id: each for each in resources}
    known = kinds_of(by_id.values())
    wanted = wanted or ResourceFilter()
    roots, findings = _roots(by_id, wanted)
    chosen = dict.fromkeys(roots)
    waiting = list(roots) if wanted.auto_include_dependencies else []
    while waiting:
        resource = by_id[waiting.pop()]
        for each in references(resource, known):
            if not with_reference_collections and _labels(resource, each):
                continue
            if each.target_id in by_id and each.target_id not in chosen:
                chosen[each.target_id] = None
                waiting.append(each.target_id)
    included = tuple(by_id[name] for name in sorted(chosen))
    return Selection(
        resources=included,
        added=tuple(sorted(set(chosen) - set(roots))),
        findings=findings + _unmet(included, known, with_labels=with_reference_collections),
    )


def _roots(
    by_id: Mapping[str, Resource], wanted: ResourceFilter
) -> tuple[tuple[str, ...], Findings]:
    listed = {field: getattr(wanted, field) for field, _ in _LISTED}
    if all(ids is None for ids in listed.values()):
        return tuple(sorted(by_id)), Findings()
    roots: dict[str, None] = {}
    errors = []
    for field, kind in _LISTED:
        for index, name in enumerate(listed[field] or ()):
            resource = by_id.get(name)
            if resource is not None and resource.kind == kind:
                roots[name] = None
            else:
                where = ("config", "filters", field, index)
                errors.append(Finding(where, f"The namespace has no {kind} {name}.", "not_found"))
    return tuple(roots), Findings(tuple(errors))


def _labels(resource: Resource, reference: Reference) -> bool:
    return resource.kind == "taxonomy" and reference.target_kind == "collection"


def _unmet(
    included: tuple[Resource, ...], known: Mapping[str, ResourceKind], *, with_labels: bool
) -> Findings:
    ids = {each.resource_id for each in included}
    errors, warnings = [], []
    for resource in included:
        for each in references(resource, known):
            if each.target_id in ids:
                continue
            where = (resource.kind, resource.resource_id, *each.path)
            there = each.target_id in known
            if each.cut is not None:
                why = "does not come along" if there else "is not there"
                warnings.append(
                    Finding(where, f"{each.target_id} {why}; this is left out.", "left_out")
                )
            elif there:
                message = f"{each.target_id} is needed and not included."
                if not with_labels and _labels(resource, each):
                    message += (
                        " List it in collection_ids, or let migrate_reference_collections bring it."
                    )
                errors.append(Finding(where, message, "dependency_not_included"))
            else:
                errors.append(
                    Finding(where, f"{each.target_id} does not exist.", "dangling_reference")
                )
    return Findings(tuple(errors), tuple(warnings))
