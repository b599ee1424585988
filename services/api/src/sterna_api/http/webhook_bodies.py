"""What is sent and answered about webhooks."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from sterna_api.http.connection_bodies import Description
from sterna_api.http.paging import LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX
from sterna_api.http.problem import InvalidShape, Problem
from sterna_api.projections.webhooks import DeliveryStatus, WebhookLine
from sterna_api.webhooks.guard import AddressGuard
from sterna_api.webhooks.secret import is_secret
from sterna_core.clock import UtcDatetime
from sterna_core.webhook.event_type import EVENT_TYPES, is_pattern
from sterna_core.webhook.events import DisabledReason

URL_CHARACTERS_MAX = 2_000
Url = Annotated[str, Meta(min_length=1, max_length=URL_CHARACTERS_MAX)]
EventType = Annotated[str, Meta(min_length=1, max_length=100)]
Patterns = Annotated[list[EventType], Meta(min_length=1, max_length=50)]
SecretText = Annotated[str, Meta(max_length=200)]
WebhookStatus = Literal["active", "disabled"]
OVERLAP_SECONDS = 86_400
"""How long the secret before signs as well, if nothing is said."""
OVERLAP_SECONDS_MAX = 7 * 86_400


class CreateWebhookBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address to send events to."""

    url: Url
    events: Patterns
    description: Description = ""
    secret: SecretText | None = None

    def check(self, guard: AddressGuard, *, allow_http: bool) -> None:
        """Refuse what can never be sent; raises InvalidShape with every problem."""
        _refuse(
            url_problems(self.url, guard, allow_http=allow_http)
            + _pattern_problems(self.events)
            + _secret_problems(self.secret)
        )


class UpdateWebhookBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different about a webhook; a field left out stays.

    `status` `active` enables one that was disabled, for events from then on.
    """

    url: Url | None = None
    events: Patterns | None = None
    description: Description | None = None
    status: WebhookStatus | None = None

    def check(self, guard: AddressGuard, *, allow_http: bool) -> None:
        """Refuse what can never be sent; raises InvalidShape with every problem."""
        problems = _pattern_problems(self.events or [])
        if self.url is not None:
            problems = url_problems(self.url, guard, allow_http=allow_http) + problems
        _refuse(problems)


class RotateSecretBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to replace the secret: by one of one's own, and with how long an overlap."""

    secret: SecretText | None = None
    overlap_seconds: Annotated[int, Meta(ge=0, le=OVERLAP_SECONDS_MAX)] = OVERLAP_SECONDS

    def check(self) -> None:
        """Refuse what is no secret; raises InvalidShape."""
        _refuse(_secret_problems(self.secret))


class TestWebhookBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which type of event to send as a test."""

    event_type: EventType = "migration.completed"

    def check(self) -> None:
        """Refuse what is no type; raises InvalidShape."""
        if self.event_type not in EVENT_TYPES:
            msg = "No event has this type"
            _refuse([Problem(("body", "event_type"), msg, "event_type_unknown")])


class DeliveriesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries to list."""

    status: DeliveryStatus | None = None
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Annotated[int, Meta(ge=0, le=OFFSET_MAX)] = 0


class QueuedDeliveryBody(Struct, frozen=True, kw_only=True):
    """Something that will be sent at once; `GET …/deliveries` says what becomes of it."""

    webhook_id: str
    delivery_id: str
    status: Literal["pending"] = "pending"


class RotatedSecretBody(Struct, frozen=True, kw_only=True):
    """A new secret, shown in this answer only, and until when the one before signs too."""

    id: str
    secret: str
    previous_secret_valid_until: UtcDatetime


class WebhookBody(Struct, frozen=True, kw_only=True):
    """A webhook; its secret was shown once.

    With a `migration_id` it is sent only what concerns this migration, which it was given with.
    """

    id: str
    url: str
    events: tuple[str, ...]
    description: str
    status: WebhookStatus
    created_at: UtcDatetime
    disabled_at: UtcDatetime | None = None
    disabled_reason: DisabledReason | None = None
    updated_at: UtcDatetime | None = None
    previous_secret_valid_until: UtcDatetime | None = None
    migration_id: str | None = None


class CreatedWebhookBody(WebhookBody, frozen=True, kw_only=True):
    """A webhook that was just created, with its secret."""

    secret: str


def show_webhook(line: WebhookLine) -> WebhookBody:
    """Show a webhook."""
    return WebhookBody(
        id=line.id,
        url=line.url,
        events=tuple(line.events),
        description=line.description,
        status="active" if line.disabled_at is None else "disabled",
        created_at=line.created_at,
        disabled_at=line.disabled_at,
        disabled_reason=line.disabled_reason,
        updated_at=line.updated_at,
        previous_secret_valid_until=line.previous_until,
        migration_id=line.about,
    )


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise InvalidShape(problems)


def _pattern_problems(patterns: list[str]) -> list[Problem]:
    msg = "No event has this type; '*' and 'migration.*' are wildcards"
    return [
        Problem(("body", "events", index), msg, "event_type_unknown")
        for index, pattern in enumerate(patterns)
        if not is_pattern(pattern)
    ]


def _secret_problems(secret: str | None) -> list[Problem]:
    if secret is None or is_secret(secret):
        return []
    msg = "A secret is whsec_ and 24 to 64 bytes in base64"
    return [Problem(("body", "secret"), msg, "secret_invalid")]


def url_problems(
    url: str,
    guard: AddressGuard,
    *,
    allow_http: bool,
    loc: tuple[str | int, ...] = ("body", "url"),
) -> list[Problem]:
    """Say why nothing can ever be sent to an address, if so."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return [Problem(loc, "This is not a URL", "url_invalid")]
    if len(url) > URL_CHARACTERS_MAX:
        return [Problem(loc, "The URL is too long", "url_invalid")]
    if not host or port == 0 or not url.isascii() or not url.isprintable() or " " in url:
        return [Problem(loc, "This is not a URL", "url_invalid")]
    schemes = {"https", "http"} if allow_http else {"https"}
    if parts.scheme not in schemes:
        return [Problem(loc, "The scheme should be https", "url_scheme")]
    if parts.username is not None or parts.password is not None or parts.fragment:
        return [Problem(loc, "The URL holds no user, password or fragment", "url_invalid")]
    # Numbers are judged here for an early answer; what is dialled is judged each time.
    numeric = ":" in host or host.replace(".", "").isdigit()
    if numeric and not guard.permits(host):
        return [Problem(loc, "The address is not allowed", "url_address")]
    return []
