"""What executors are asked about references of the target."""

from sterna_core.namespace.dangling import DANGLING_TOLD, dangling_references
from sterna_core.namespace.feature_extractor import feature_uris
from sterna_core.namespace.putting import digest_of
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_migration.state import Run
from sterna_core.namespace_migration.view import NamespaceMigrationView
from sterna_core.tasks.namespace_work import CheckReferences


def reference_check(
    view: NamespaceMigrationView, run: Run, rewriting: Rewriting
) -> CheckReferences:
    """Find what leads nowhere in the definitions as they are made."""
    made = [rewriting.resource(each) for each in run.resources]
    old = {name for name, new in rewriting.ids.resources.items() if name != new}
    features = frozenset(feature_uris(view.target.extractors))
    found = tuple(dangling_references(made, features, old | {view.source.namespace_id}))
    return CheckReferences(
        digests={each.resource_id: digest_of(each) for each in made},
        dangling=found[:DANGLING_TOLD],
        dangling_count=len(found),
    )
