"""Whom to tell what of a migration, as it is asked for at its creation."""

from collections.abc import Collection
from typing import Annotated

from msgspec import Meta, Struct

from sterna_api.http.problem import InvalidShape, Location, Problem
from sterna_core.migration.notifications import DEFAULT_EVENTS, Notifications
from sterna_core.notice.commands import NoticeChannel
from sterna_core.webhook.event_name import type_named

_LOC: Location = ("body", "notifications")
Address = Annotated[
    str,
    Meta(max_length=254, pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,189}$"),
]
SlackChannelName = Annotated[str, Meta(pattern=r"^[#@]?[^\s#@<>&\x00-\x1f]{1,80}$")]


class NotificationsBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to tell; `on_events` are names such as `completed`, or types of events."""

    email: Annotated[list[Address], Meta(max_length=20)] = []
    slack_channel: SlackChannelName | None = None
    on_events: (
        Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(max_length=100)] | None
    ) = None

    def checked(self, channels: Collection[NoticeChannel]) -> Notifications | None:
        """Give whom to tell, None for nobody; raises InvalidShape for what could never be told."""
        problems = []
        if self.email and "email" not in channels:
            problems.append(_missing("email", "STERNA_SMTP_HOST and STERNA_SMTP_FROM"))
        if self.slack_channel is not None and "slack" not in channels:
            problems.append(_missing("slack_channel", "STERNA_SLACK_WEBHOOK_URL"))
        kinds = list(DEFAULT_EVENTS)
        if self.on_events is not None:
            named = [type_named(name) for name in self.on_events]
            kinds = [kind for kind in named if kind is not None]
            problems += [
                Problem((*_LOC, "on_events", index), "No event has this name", "event_type_unknown")
                for index, kind in enumerate(named)
                if kind is None
            ]
        if problems:
            raise InvalidShape(problems)
        wanted = Notifications(
            email=tuple(dict.fromkeys(self.email)),
            slack_channel=self.slack_channel,
            on_events=tuple(dict.fromkeys(kinds)),
        )
        return None if wanted.is_for_nobody else wanted


def _missing(field: str, settings: str) -> Problem:
    msg = f"This installation cannot send it: set {settings}"
    return Problem((*_LOC, field), msg, "not_configured")
