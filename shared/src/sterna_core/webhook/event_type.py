"""The types of events that webhooks can ask for, and patterns over them."""

EVENT_TYPES = (
    "migration.created",
    "migration.started",
    "migration.paused",
    "migration.resumed",
    "migration.completed",
    "migration.failed",
    "migration.cancelled",
    "migration.phase.started",
    "migration.phase.completed",
    "approval.required",
    "approval.granted",
    "approval.denied",
    "approval.timeout",
    "migration.window.ending",
    "rollback.started",
    "rollback.completed",
    "rollback.failed",
    "migration.phase.failed",
    "error.occurred",
    "error.escalated",
    "error.recovered",
    "error.resolved",
    "validation.started",
    "validation.completed",
    "validation.failed",
    "certificate.generated",
    "webhook.disabled",
    "namespace_migration.created",
    "namespace_migration.started",
    "namespace_migration.stage.started",
    "namespace_migration.stage.completed",
    "namespace_migration.paused",
    "namespace_migration.resumed",
    "namespace_migration.completed",
    "namespace_migration.failed",
    "namespace_migration.cancelled",
    "namespace_migration.rollback.started",
    "namespace_migration.rollback.completed",
    "namespace_migration.rollback.failed",
)
"""Every type that is sent."""

OF_NAMESPACES = "namespace_migration."
"""What types about migrations of namespaces begin with."""

_WILDCARD = "*"


def is_pattern(text: str) -> bool:
    """Tell whether a text names a type that exists, or a wildcard that covers one."""
    return any(covers(text, kind) for kind in EVENT_TYPES)


def covers(pattern: str, kind: str) -> bool:
    """Tell whether a pattern (`migration.completed`, `migration.*`, `*`) covers a type."""
    if pattern == _WILDCARD:
        return True
    if pattern.endswith("." + _WILDCARD):
        return kind.startswith(pattern[:-1])
    return pattern == kind
