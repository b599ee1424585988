from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from sterna_core.errors import Misconfigured
from sterna_core.secrets.secret import Secret

PRICES_USD_PER_MILLION_TOKENS: Mapping[str, float] = MappingProxyType(
    {
        "text-embedding-3-large": 0.13,
        "text-embedding-3-small": 0.02,
        "text-embedding-ada-002": 0.10,
    }
)
"""What these models cost when this version was made; a setting can say otherwise."""


class ServiceAccess(Struct, frozen=True):
    """Where embeddings are asked for over HTTP, with which key, and what they cost."""

    base_url: str
    key: Secret | None = None
    prices: Mapping[str, float] = PRICES_USD_PER_MILLION_TOKENS


def read_prices(items: tuple[str, ...]) -> dict[str, float]:
    """Read `model=USD per million tokens`, over the known ones; raises Misconfigured."""
    prices = dict(PRICES_USD_PER_MILLION_TOKENS)
    for item in items:
        model, _, price = item.partition("=")
        try:
            prices[model] = float(price)
        except ValueError:
            raise Misconfigured(
                "A price of embeddings reads `model=dollars per million tokens`."
            ) from None
    return prices
