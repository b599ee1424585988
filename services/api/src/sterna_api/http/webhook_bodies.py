"""What is sent and answered about webhooks."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from sterna_api.http.connection_bodies import Description
from sterna_api.http.problem import InvalidShape, Problem
from sterna_api.projections.webhooks import WebhookLine
from sterna_api.webhooks.guard import AddressGuard
from sterna_api.webhooks.secret import is_secret
from sterna_core.clock import UtcDatetime
from sterna_core.webhook.event_type import is_pattern


class CreateWebhookBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address to send events to."""

    url: Annotated[str, Meta(min_length=1, max_length=2_000)]
    events: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(min_length=1, max_length=50)
    ]
    description: Description = ""
    secret: Annotated[str, Meta(max_length=200)] | None = None

    def check(self, guard: AddressGuard, *, allow_http: bool) -> None:
        """Refuse what can never be sent; raises InvalidShape with every problem."""
        problems = _url_problems(self.url, guard, allow_http=allow_http)
        for index, pattern in enumerate(self.events):
            if not is_pattern(pattern):
                loc = ("body", "events", index)
                msg = "No event has this type; '*' and 'migration.*' are wildcards"
                problems.append(Problem(loc, msg, "event_type_unknown"))
        if self.secret is not None and not is_secret(self.secret):
            msg = "A secret is whsec_ and 24 to 64 bytes in base64"
            problems.append(Problem(("body", "secret"), msg, "secret_invalid"))
        if problems:
            raise InvalidShape(problems)


class WebhookBody(Struct, frozen=True, kw_only=True):
    """A webhook; its secret was shown once."""

    id: str
    url: str
    events: tuple[str, ...]
    description: str
    status: Literal["active", "disabled"]
    created_at: UtcDatetime


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
    )


def _url_problems(url: str, guard: AddressGuard, *, allow_http: bool) -> list[Problem]:
    loc = ("body", "url")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return [Problem(loc, "This is not a URL", "url_invalid")]
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
