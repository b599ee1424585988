"""What may go wrong or be lost, and what to do about it."""

from collections.abc import Sequence

from sterna_core.migration.plan import Risk, Severity
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.preflight_server import Server
from sterna_executor.databases.postgresql.preflight_target_facts import TargetFacts
from sterna_executor.databases.postgresql.risks_of_objects import object_risks
from sterna_executor.databases.postgresql.risks_of_servers import server_risks
from sterna_executor.databases.postgresql.risks_of_tables import table_risks

_SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")


def risks_of(inventory: Inventory, source: Server, target: TargetFacts) -> tuple[Risk, ...]:
    """Give every risk, the worst first."""
    return in_order(
        [
            *server_risks(inventory, source, target),
            *table_risks(inventory),
            *object_risks(inventory, target),
        ]
    )


def in_order(risks: Sequence[Risk]) -> tuple[Risk, ...]:
    """Put the worst first; those of one severity by type."""
    return tuple(sorted(risks, key=lambda risk: (_SEVERITIES.index(risk.severity), risk.type)))
