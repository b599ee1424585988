from sterna_core.errors import Terminal
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.structure import structure_digest as digest_of


def refuse_drift(inventory: Inventory, structure_digest: str | None) -> None:
    """Raise Terminal with the code `structure_changed` where the source is not what was planned.

    `structure_digest` None skips the comparison.
    """
    if structure_digest is not None and structure_digest != digest_of(inventory):
        raise Terminal(
            "the source's tables are not what the plan was made for any more: plan again",
            code="structure_changed",
        )
