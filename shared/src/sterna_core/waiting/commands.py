"""What an organisation's migrations say of whom they wait for."""

from msgspec import Struct


class Command(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something said about who waits for whom."""


class ReserveWaits(Command, frozen=True, kw_only=True, tag="waits.reserve.v1"):
    """Somebody wants a migration to wait for others; refused where that makes a circle."""

    migration_id: str
    waits_for: tuple[str, ...]


class RegisterWaits(Command, frozen=True, kw_only=True, tag="waits.register.v1"):
    """A migration says for whom it waits now; a higher `number` is said later."""

    migration_id: str
    number: int
    waits_for: tuple[str, ...]


class ExpireReservations(Command, frozen=True, kw_only=True, tag="waits.expire.v1"):
    """Reservations have lasted for as long as they may (sent by a timer)."""


class ConfirmAnswers(Command, frozen=True, kw_only=True, tag="waits.confirm.v1"):
    """Answers up to this one were sent (by a timer, after them)."""

    answer: int


AnyCommand = ReserveWaits | RegisterWaits | ExpireReservations | ConfirmAnswers
