from collections.abc import Iterator

from sterna_core.migration.plan import Risk, Severity
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.preflight_target_facts import TargetFacts
from sterna_executor.databases.postgresql.risk import counted, risk

_COUNTED: tuple[tuple[str, Severity, str, str], ...] = (
    (
        "large_object",
        "high",
        "{n} large objects are not moved, and columns that hold their numbers point nowhere",
        "move them with lo_export and lo_import, or turn them into bytea columns first",
    ),
    (
        "event_trigger",
        "medium",
        "{n} event triggers are not moved: they belong to the database, and take a superuser",
        "create them on the target after the cutover",
    ),
    (
        "publication",
        "medium",
        "{n} publications are not moved: whoever subscribes goes on reading from the source",
        "create them on the target before the application moves, and point the subscribers there",
    ),
    (
        "subscription",
        "medium",
        "{n} subscriptions are not moved: what the source receives after the snapshot is missing",
        "disable them during the migration and create them on the target",
    ),
    (
        "prepared_transaction",
        "medium",
        "{n} prepared transactions are pending: what they wrote is not in the snapshot",
        "commit them or roll them back before the start",
    ),
    (
        "extension_rows",
        "low",
        "{n} tables of extensions hold rows, which are not moved",
        "copy what was added to them by hand",
    ),
    (
        "not_valid",
        "medium",
        "{n} constraints were never checked against all rows of the source",
        "validate them on the source; those that cannot be are created NOT VALID",
    ),
    (
        "invalid_index",
        "low",
        "{n} indexes are invalid on the source (a build that failed)",
        "REINDEX or drop them on the source",
    ),
    (
        "deferrable_key",
        "low",
        "{n} keys are deferrable: rows may break them within a transaction",
        "none is needed: a snapshot holds only what was committed",
    ),
    (
        "trigger",
        "low",
        "{n} triggers are created after the rows, so that they do not fire for what is copied",
        "none is needed",
    ),
    (
        "rule",
        "low",
        "{n} rules are created after the rows, so that they do not act on what is copied",
        "none is needed",
    ),
)


def object_risks(inventory: Inventory, target: TargetFacts) -> Iterator[Risk]:
    """Tell what is special about objects that are no tables."""
    for kind, severity, description, mitigation in _COUNTED:
        feature = inventory.feature(kind)
        if feature.count:
            yield risk(
                severity,
                kind,
                description.format(n=f"{feature.count:,}"),
                [name for name in feature.names if name],
                mitigation,
                count=feature.count,
            )
    yield from _owners(inventory)
    yield from _left_out(inventory)
    yield from _names_in_bodies(inventory)
    yield from _extensions(inventory, target)
    filled = [f"{view.schema}.{view.name}" for view in inventory.views if view.materialized]
    if filled:
        yield risk(
            "low",
            "materialized_view",
            f"{counted(len(filled), 'materialised view')}: computed anew on the target at cutover,"
            " which may take long",
            filled,
            "none is needed",
        )


def _owners(inventory: Inventory) -> Iterator[Risk]:
    owners, privileges = inventory.feature("owner"), inventory.feature("privilege")
    if owners.count > 1 or privileges.count:
        yield risk(
            "medium" if privileges.count else "low",
            "owners_and_privileges",
            f"owners ({counted(owners.count, 'role')}) and privileges (on"
            f" {counted(privileges.count, 'relation')}) are not carried over: everything belongs to"
            " the role that enters the target",
            privileges.names,
            "create the roles on the target, then REASSIGN OWNED and GRANT there",
            count=privileges.count,
        )


def _left_out(inventory: Inventory) -> Iterator[Risk]:
    lost: dict[str, Severity] = {
        "default": "high",
        "constraint": "medium",
        "trigger": "medium",
        "view": "medium",
        "routine": "medium",
    }
    for kind, severity in lost.items():
        needs = [
            f"{each.schema}.{each.name} (needs {each.needs_schema}.{each.needs_name})"
            for each in inventory.dependencies
            if each.kind == kind
        ]
        if needs:
            yield risk(
                severity,
                f"{kind}_left_out",
                f"{counted(len(needs), kind)} that need what is not selected are left out",
                needs,
                "select the schemas that are needed, or create what is missing afterwards",
            )


def _names_in_bodies(inventory: Inventory) -> Iterator[Risk]:
    if inventory.renames and inventory.bodies_naming_schemas:
        yield risk(
            "high",
            "schema_name_in_body",
            f"{counted(len(inventory.bodies_naming_schemas), 'routine')} that name a schema in"
            " their text go on naming the old one",
            inventory.bodies_naming_schemas,
            "change them on the target after the cutover, or leave target.schema out",
        )


def _extensions(inventory: Inventory, target: TargetFacts) -> Iterator[Risk]:
    other, missing = [], []
    for extension in inventory.extensions:
        there = target.extensions.get(extension.name)
        if there is None:
            if not extension.used:
                missing.append(extension.name)
            continue
        version = there.installed or there.offered
        if extension.used and version != extension.version:
            other.append(f"{extension.name} {extension.version} → {version}")
    if other:
        yield risk(
            "medium",
            "extension_version",
            f"{counted(len(other), 'extension')} of another version on the target: their types"
            " travel as text",
            other,
            "install the same version, or try the application against the target first",
        )
    if missing:
        yield risk(
            "low",
            "extension_not_offered",
            f"{counted(len(missing), 'extension')} that the target does not offer and nothing"
            " selected depends on",
            missing,
            "install them on the target where the application calls them",
        )
