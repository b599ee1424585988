from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec
from msgspec import Struct

from sterna_core.journal.decision import Decision
from sterna_core.journal.outcome import CommandRejected, CommandRepeated
from sterna_core.tasks.access import AccessRefused

JOURNAL_SOURCE = 0
TELEMETRY_SOURCE = 1
REFUSED_ACTION = "access.request"
_REJECTED = "command.rejected.v1"
_REPEATED = "command.repeated.v1"
_COLUMNS = (
    "org_id",
    "source",
    "partition",
    "position",
    "at",
    "actor",
    "action",
    "resource",
    "address",
    "user_agent",
    "result",
    "code",
)


class AuditRow(Struct, frozen=True):
    """One line of the audit log, at its place in the log it comes from."""

    org_id: str
    source: int
    partition: int
    position: int
    at: datetime
    actor: str | None
    action: str
    resource: str
    address: str | None
    user_agent: str | None
    result: str
    code: str | None


def row_of_decision(decision: Decision) -> AuditRow | None:
    """Give the line that a decision is; None where nobody from outside has asked for it."""
    if decision.origin is None:
        return None
    result, code = _result(decision)
    return AuditRow(
        org_id=decision.org_id,
        source=JOURNAL_SOURCE,
        partition=decision.partition,
        position=decision.records[0].offset,
        at=decision.time,
        actor=decision.actor,
        action=_action(decision.command_type),
        resource=decision.aggregate_id,
        address=decision.origin.address,
        user_agent=decision.origin.user_agent,
        result=result,
        code=code,
    )


def row_of_refusal(refused: AccessRefused, partition: int, position: int) -> AuditRow:
    """Give the line that a refused request is."""
    return AuditRow(
        org_id=refused.org_id,
        source=TELEMETRY_SOURCE,
        partition=partition,
        position=position,
        at=refused.timestamp,
        actor=refused.key_id,
        action=REFUSED_ACTION,
        resource=f"{refused.method} {refused.route}",
        address=refused.address,
        user_agent=refused.user_agent,
        result="denied",
        code=refused.code,
    )


async def insert_audit_rows(connection: asyncpg.Connection, rows: Sequence[AuditRow]) -> None:
    """Append lines."""
    if rows:
        await connection.copy_records_to_table(
            "audit_lines",
            columns=_COLUMNS,
            records=[msgspec.structs.astuple(row) for row in rows],
        )


def _action(command_type: str) -> str:
    """Name a command without its version: `migration.start`."""
    name, _, version = command_type.rpartition(".")
    return name if version[:1] == "v" and version[1:].isdigit() else command_type


def _result(decision: Decision) -> tuple[str, str | None]:
    first = decision.records[0]
    rejected: CommandRejected | None = None
    if first.type == _REJECTED:
        rejected = msgspec.json.decode(first.body, type=CommandRejected)
    elif first.type == _REPEATED:
        rejected = msgspec.json.decode(first.body, type=CommandRepeated).rejected
    if rejected is None:
        return "success", None
    return ("denied" if rejected.code == "forbidden" else "failure"), rejected.code
