import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from sterna_cli.demo.shop.step import ROWS, Rows, Step
from sterna_core.postgres.queries import load_queries

STATEMENT_TIMEOUT_SECONDS = 600.0
CONNECT_TIMEOUT_SECONDS = 30.0
SEED = 0.25
_PACKAGE = "sterna_cli.demo.shop"
_BEFORE = ("schemas_and_types", "goods", "people", "business")
_AFTER = ("indexes", "foreign_keys", "routines_and_views")
_VIRTUAL_SINCE = 18
# The same rows every time: no plan in which random numbers are drawn in another order.
_SESSION = (
    "SET LOCAL timezone = 'UTC'; SET LOCAL max_parallel_workers_per_gather = 0;"
    " SET LOCAL search_path = pg_catalog; SET LOCAL synchronous_commit = off;"
    " SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL work_mem = '64MB'"
)

# A small sample is enough, and is taken in a tenth of the time.
_STATISTICS = "SET LOCAL default_statistics_target = 10; ANALYZE"

OnStep = Callable[[Step], None]


async def create_shop(database: Any, scale: float = 1.0, on_step: OnStep | None = None) -> None:
    """Make a shop in an empty database: two schemas with about a million rows at scale 1.

    `database` is a url or an open asyncpg connection in no transaction. All is made, or nothing;
    the same scale gives the same rows every time. Needs the extensions citext and btree_gist.
    """
    if not isinstance(database, str):
        await _create(database, scale, on_step or _ignore)
        return
    async with _connected(database) as connection:
        await _create(connection, scale, on_step or _ignore)


async def _create(connection: Any, scale: float, on_step: OnStep) -> None:
    before, rows, after = (
        load_queries(_PACKAGE, file) for file in ("before_rows.sql", "rows.sql", "after_rows.sql")
    )
    async with connection.transaction():
        await connection.execute(_SESSION)
        definitions = [before[name] for name in _BEFORE]
        if connection.get_server_version().major >= _VIRTUAL_SINCE:
            definitions.append(before["computed_on_reading"])
        await _timed(on_step, "tables", connection, definitions)
        for each in ROWS:
            began = time.monotonic()
            await connection.execute(f"SELECT setseed({SEED})")
            status = await connection.execute(
                rows[each.name], *_arguments(each, scale), timeout=STATEMENT_TIMEOUT_SECONDS
            )
            on_step(Step(each.name, int(status.split()[-1]), time.monotonic() - began))
        for name in _AFTER:
            await _timed(on_step, name, connection, [after[name]])
    await _timed(on_step, "statistics", connection, [_STATISTICS])


def _arguments(each: Rows, scale: float) -> tuple[int, ...]:
    wanted = max(round(each.at_scale_one * scale), each.at_least)
    if each.name == "default_addresses":
        return ()
    if each.name == "order_lines":
        (orders,) = (rows for rows in ROWS if rows.name == "orders")
        return wanted, *_arguments(orders, scale)
    return (wanted,)


async def _timed(on_step: OnStep, name: str, connection: Any, statements: list[str]) -> None:
    began = time.monotonic()
    for statement in statements:
        await connection.execute(statement, timeout=STATEMENT_TIMEOUT_SECONDS)
    on_step(Step(name, 0, time.monotonic() - began))


@asynccontextmanager
async def _connected(url: str) -> AsyncGenerator[Any]:
    connection = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        yield connection
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT_SECONDS)


def _ignore(step: Step) -> None:
    del step
