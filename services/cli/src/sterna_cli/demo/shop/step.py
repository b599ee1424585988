from msgspec import Struct


class Rows(Struct, frozen=True):
    """A statement of `rows.sql` and how many rows it is asked for at scale 1."""

    name: str
    at_scale_one: int
    at_least: int = 1


ROWS = (
    Rows("categories", 200, at_least=10),
    Rows("suppliers", 100, at_least=6),
    Rows("products", 20_000, at_least=50),
    Rows("stock", 40_000),
    Rows("promotions", 3_000),
    Rows("customers", 60_000, at_least=100),
    Rows("addresses", 90_000),
    Rows("default_addresses", 0),
    Rows("reviews", 50_000),
    Rows("orders", 160_000, at_least=100),
    Rows("order_lines", 400_000, at_least=250),
    Rows("payments", 115_000),
    Rows("audit", 120_000),
    Rows("baskets", 2_000),
    Rows("gift_cards", 2_000),
    Rows("notes", 1_000),
    Rows("daily_sales", 60_000),
)


class Step(Struct, frozen=True):
    """A part of the shop that is made: rows inserted (or changed), and the time it took."""

    name: str
    rows: int
    seconds: float
