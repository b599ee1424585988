from msgspec import Struct

DEFAULT_EVENTS = ("migration.completed", "migration.failed", "approval.required")


class Notifications(Struct, frozen=True, kw_only=True):
    """Whom to tell what of a migration; `on_events` are types of events, as webhooks have them."""

    email: tuple[str, ...] = ()
    slack_channel: str | None = None
    on_events: tuple[str, ...] = DEFAULT_EVENTS

    @property
    def is_for_nobody(self) -> bool:
        """Tell whether nobody is named."""
        return not self.email and self.slack_channel is None
