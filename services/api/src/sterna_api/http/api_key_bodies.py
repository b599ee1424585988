"""What is sent and answered about API keys."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from sterna_api.http.client_address import parse_network
from sterna_api.http.connection_bodies import Name
from sterna_api.http.problem import InvalidShape, Problem
from sterna_core.api_key.commands import OVERLAP_SECONDS_MAX, Environment
from sterna_core.api_key.scope import Grant
from sterna_core.clock import UtcDatetime

EXPIRY_YEARS = (2000, 9998)
"""Beyond them a moment may have no date in another zone, and PostgreSQL's driver reads infinity."""

OVERLAP_SECONDS_DEFAULT = 24 * 3600
Scopes = Annotated[list[Grant], Meta(min_length=1, max_length=50)]
Networks = Annotated[
    list[Annotated[str, Meta(pattern=r"^[0-9A-Fa-f:.]{2,45}(/[0-9]{1,3})?$")]],
    Meta(max_length=100),
]
"""Addresses, or networks such as `10.0.0.0/8`; none means that every address is allowed."""


class CreateApiKeyBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to make; without `scopes` it may do what the key may that asks for it."""

    name: Name
    scopes: Scopes | None = None
    expires_at: UtcDatetime | None = None
    ip_whitelist: Networks = []
    environment: Environment = "live"


class UpdateApiKeyBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a key."""

    name: Name | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    expires_at: UtcDatetime | UnsetType | None = UNSET
    ip_whitelist: Networks | UnsetType = UNSET


class RotateApiKeyBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long the secret before it is accepted too."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=OVERLAP_SECONDS_MAX)] = OVERLAP_SECONDS_DEFAULT


class CreatedApiKeyBody(Struct, frozen=True, kw_only=True):
    """A key that was just made; it is shown in this answer only."""

    id: str
    name: str
    key: str
    scopes: tuple[str, ...]
    ip_whitelist: tuple[str, ...]
    environment: Environment
    created_at: UtcDatetime
    expires_at: UtcDatetime | None


class RotatedApiKeyBody(Struct, frozen=True, kw_only=True):
    """A key's new secret; it is shown in this answer only."""

    id: str
    key: str
    previous_valid_until: UtcDatetime


def check_expiry(expires_at: datetime | UnsetType | None) -> None:
    """Raise InvalidShape where the year of a moment is no sensible one."""
    first, last = EXPIRY_YEARS
    if isinstance(expires_at, datetime) and not first <= expires_at.year <= last:
        text = f"The year is from {first} to {last}"
        raise InvalidShape([Problem(("body", "expires_at"), text, "moment_out_of_range")])


def check_networks(networks: list[str] | UnsetType) -> tuple[str, ...] | UnsetType:
    """Read an allow-list, each entry as it is written by everybody; raises InvalidShape."""
    if networks is UNSET:
        return UNSET
    read = [parse_network(text) for text in networks]
    problems = [
        Problem(
            ("body", "ip_whitelist", place),
            "This is no address and no network such as 10.0.0.0/8",
            "network_invalid",
        )
        for place, network in enumerate(read)
        if network is None
    ]
    if problems:
        raise InvalidShape(problems)
    return tuple(dict.fromkeys(str(network) for network in read))
