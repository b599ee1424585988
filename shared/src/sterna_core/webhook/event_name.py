from sterna_core.webhook.event_type import EVENT_TYPES, OF_NAMESPACES

NAMED = tuple(kind for kind in EVENT_TYPES if not kind.startswith(OF_NAMESPACES))
"""The types that people can be told: migrations of namespaces have no notifications."""


def short_name(kind: str) -> str:
    """Give what notifications call a type: `completed` for `migration.completed`."""
    return kind.removeprefix("migration.").replace(".", "_")


def type_named(name: str) -> str | None:
    """Give the type that a short name, or the type itself, stands for; None for no type."""
    return next((kind for kind in NAMED if name in {kind, short_name(kind)}), None)
