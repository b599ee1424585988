from msgspec import Struct

DAY_SECONDS = 86_400.0


class Disabling(Struct, frozen=True, kw_only=True):
    """When a webhook that only fails is disabled: so many failures in a row, over so long.

    0 seconds mean never.
    """

    failures: int = 10
    seconds: float = 5 * DAY_SECONDS


DISABLING = Disabling()
