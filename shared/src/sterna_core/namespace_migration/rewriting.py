"""Definitions and documents for the target: every reference and feature address as it is there."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from sterna_core.artifacts.address import ArtifactAddress, parse_artifact_address
from sterna_core.namespace.feature_extractor import FeatureExtractor
from sterna_core.namespace.feature_uri import FeatureUri, parse_feature_uri
from sterna_core.namespace.filter_places import CLUSTER, PRODUCT_FIELDS
from sterna_core.namespace.json_path import Path, replaced, texts
from sterna_core.namespace.references import references
from sterna_core.namespace.resource import Resource, ResourceKind
from sterna_core.namespace_migration.cluster_definition import cluster_definition, with_weights
from sterna_core.namespace_migration.config import ClusterOptions
from sterna_core.namespace_migration.filters import filter_changes
from sterna_core.namespace_migration.id_map import IdMap
from sterna_core.taxonomy.field import ENRICHED

_IDS_OF_DOCUMENTS = ("document_id", "document_ids")
_EXTRACTOR = "feature_extractor"
_NAMES = ("feature_extractor_name", "name")


class Rewriting(Struct, frozen=True):
    """What becomes of ids and of feature addresses, the same for everything that goes along.

    `known` is the kind of every id of the source namespace; `features` has the new address of each
    that changes, and `extractors` what takes the place of each, by `name@version`. Where
    enrichments or assignments are not kept, documents lose them.
    """

    ids: IdMap
    known: dict[str, ResourceKind]
    features: dict[FeatureUri, FeatureUri] = {}
    extractors: dict[str, FeatureExtractor] = {}
    keeps_enrichments: bool = True
    keeps_assignments: bool = True
    clusters: ClusterOptions = ClusterOptions()

    def resource(self, resource: Resource) -> Resource:
        """Give a resource as it is in the target, without attachments that are left out."""
        changes: dict[Path, Any] = {}
        cuts: set[Path] = set()
        for path, text in texts(resource.definition):
            changed = self.address(text)
            if text == self.ids.source_namespace_id and path[-1] == "namespace_id":
                changed = self.ids.target_namespace_id
            if changed != text:
                changes[path] = changed
        changes |= self._extractor(resource)
        for each in references(resource, self.known):
            new = self.ids.resources.get(each.target_id)
            if new is not None:
                changes[each.path] = new
            elif each.cut is not None:
                cuts.add(each.cut)
        new_id = self.ids.resources[resource.resource_id]
        filters = filter_changes(resource, self)
        definition = replaced(
            resource.definition, changes | filters.values, frozenset(cuts), names=filters.names
        )
        if resource.kind == "cluster":
            there = self.ids.target_namespace_id
            definition = with_weights(definition, self.feature)
            definition = cluster_definition(definition, there, new_id, self.clusters)
        return Resource(resource_id=new_id, kind=resource.kind, definition=definition)

    def address(self, text: str) -> str:
        """Give the address of a feature or of an artifact in the target; other texts as given."""
        artifact = parse_artifact_address(text)
        if artifact is None:
            return self.feature(text)
        if artifact.namespace_id != self.ids.source_namespace_id:
            return text
        cluster_id = self.ids.resources.get(artifact.cluster_id)
        if cluster_id is None:
            return text
        return str(ArtifactAddress(self.ids.target_namespace_id, cluster_id, artifact.name))

    def _extractor(self, resource: Resource) -> dict[Path, Any]:
        """Give what changes where a collection says by what its documents are extracted."""
        said = resource.definition.get(_EXTRACTOR)
        if resource.kind != "collection" or not isinstance(said, dict):
            return {}
        name = next((said[each] for each in _NAMES if each in said), None)
        version = said.get("version")
        heirs = [
            heir
            for old, heir in self.extractors.items()
            if old == f"{name}@{version}" or (version is None and old.startswith(f"{name}@"))
        ]
        if len(heirs) != 1:
            return {}
        (new,) = heirs
        told = {"version": new.version, "parameters": new.parameters, "params": new.parameters}
        told |= dict.fromkeys(_NAMES, new.feature_extractor_name)
        return {(_EXTRACTOR, field): told[field] for field in said if field in told}

    def feature(self, text: str) -> str:
        """Give a feature address of the target; other texts, and addresses that stay, as given."""
        uri = parse_feature_uri(text)
        new = self.features.get(uri) if uri is not None else None
        return text if new is None else str(new)

    def document(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Give a document as it is in the target.

        Only the fields that the product itself writes are changed: what its owner wrote stays as
        it is, even where it reads like an id.
        """
        rewritten: dict[str, Any] = {}
        for name, value in document.items():
            if name in PRODUCT_FIELDS:
                if name != CLUSTER or self.keeps_assignments:
                    rewritten[name] = self._inside(value, name)
            elif name.startswith(ENRICHED):
                if self.keeps_enrichments:
                    rewritten[self.enriched(name)] = self._inside(value, name)
            else:
                rewritten[name] = value
        return rewritten

    def enriched(self, name: str) -> str:
        """Give the name of a taxonomy's field, which may be the taxonomy's id."""
        named = name.removeprefix(ENRICHED)
        is_id = self.known.get(named) == "taxonomy"
        return f"{ENRICHED}{self.ids.text(named)}" if is_id else name

    def written(self, field: str, value: Any) -> Any:
        """Give what the product wrote under the name of a field as it is in the target."""
        return self._inside(value, field)

    def _steps(self, steps: Sequence[str]) -> Iterator[str]:
        """Rewrite a path step by step; what stands behind a collection is a document of it."""
        before = ""
        for step in steps:
            if step not in self.ids.resources and self.known.get(before) == "collection":
                yield self.ids.document(step)
            else:
                yield self.ids.text(step)
            before = step

    def _inside(self, value: Any, field: str) -> Any:
        """Rewrite every id inside of what the product wrote; a lineage's path step by step."""
        if isinstance(value, str):
            if field.endswith(_IDS_OF_DOCUMENTS):
                return self.ids.document(value)
            if "/" not in value:
                return self.ids.text(value)
            if "://" in value:
                return self.address(value)
            return "/".join(self._steps(value.split("/")))
        if isinstance(value, Mapping):
            return {name: self._inside(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [self._inside(each, field) for each in value]
        return value
