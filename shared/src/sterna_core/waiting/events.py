"""What is known of who waits for whom. Tags are on the wire for ever and are never edited."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something that has happened, and when."""

    at: UtcDatetime


class WaitsReserved(Event, frozen=True, kw_only=True, tag="waits.reserved.v1"):
    """A migration is about to wait for others, and says so itself before `until`."""

    migration_id: str
    waits_for: tuple[str, ...]
    until: UtcDatetime


class WaitsRegistered(Event, frozen=True, kw_only=True, tag="waits.registered.v1"):
    """A migration waits for these, and no others."""

    migration_id: str
    number: int
    waits_for: tuple[str, ...]


class CircleFound(Event, frozen=True, kw_only=True, tag="waits.circle_found.v1"):
    """A migration waits for itself, by way of others."""

    migration_id: str
    circle: tuple[str, ...]


class CircleBroken(Event, frozen=True, kw_only=True, tag="waits.circle_broken.v1"):
    """A migration does not wait for itself any more."""

    migration_id: str


class ReservationsExpired(Event, frozen=True, kw_only=True, tag="waits.reservations_expired.v1"):
    """What these migrations were about to wait for is not known any more."""

    migrations: tuple[str, ...]


class AnswersConfirmed(Event, frozen=True, kw_only=True, tag="waits.answers_confirmed.v1"):
    """Answers up to this one were sent."""

    answer: int


AnyEvent = (
    WaitsReserved
    | WaitsRegistered
    | CircleFound
    | CircleBroken
    | ReservationsExpired
    | AnswersConfirmed
)
