"""How long a migration may take, from sizes and stated rates."""

from collections.abc import Sequence

from sterna_core.migration.plan import Mode, PhasePlan, TablePlan

COPY_BYTES_PER_SECOND = 60_000_000
COPY_ROWS_PER_SECOND = 500_000
INDEX_BYTES_PER_SECOND = 120_000_000
COMPARE_ROWS_PER_SECOND = 1_500_000
COMPARE_BYTES_PER_SECOND = 250_000_000
SECONDS_PER_TABLE_CREATED = 0.005
SECONDS_PER_CHUNK = 0.003
SECONDS_PER_OBJECT_AT_CUTOVER = 0.004
SECONDS_PER_PHASE = 1.0
TABLES_NAMED_BYTES = 40_000
_IDLE: dict[Mode, tuple[str, ...]] = {
    "full": (),
    "schema_only": ("data_transfer",),
    "data_only": ("schema_migration",),
    "incremental": (),
}
"""The phases in which a mode has next to nothing to do."""


def phases(
    tables: Sequence[TablePlan], *, planning_seconds: float, objects: int, mode: Mode = "full"
) -> tuple[PhasePlan, ...]:
    """Give the phases in order, with what each may take at the rates of a small server.

    `objects` counts what is handled one by one at cutover: sequences and materialised views. A
    phase in which a mode has nothing to do names no tables, and is given a second.
    """
    rows = sum(table.estimated_rows for table in tables)
    stored = sum(table.bytes for table in tables)
    chunks = sum(table.chunks for table in tables)
    copying = max(stored / COPY_BYTES_PER_SECOND, rows / COPY_ROWS_PER_SECOND)
    comparing = 2 * max(stored / COMPARE_BYTES_PER_SECOND, rows / COMPARE_ROWS_PER_SECOND)
    indexing = stored / INDEX_BYTES_PER_SECOND
    durations = {
        "planning": planning_seconds,
        "schema_migration": SECONDS_PER_PHASE + len(tables) * SECONDS_PER_TABLE_CREATED,
        "data_transfer": SECONDS_PER_PHASE + copying + indexing + chunks * SECONDS_PER_CHUNK,
        "validation": SECONDS_PER_PHASE + comparing + chunks * SECONDS_PER_CHUNK,
        "cutover": SECONDS_PER_PHASE + objects * SECONDS_PER_OBJECT_AT_CUTOVER,
    }
    named = table_names(tables)
    idle = _IDLE[mode]
    return tuple(
        PhasePlan(
            name=name,
            order=order,
            tables=() if name in idle else named,
            parallel=name in {"data_transfer", "validation"},
            estimated_duration_seconds=1 if name in idle else round(seconds) or 1,
        )
        for order, (name, seconds) in enumerate(durations.items())
    )


def table_names(
    tables: Sequence[TablePlan], limit_bytes: int = TABLES_NAMED_BYTES
) -> tuple[str, ...]:
    """Name the tables; where that takes more than `limit_bytes`, only their schemas: `shop.*`."""
    names = tuple(table.table_id for table in tables)
    if sum(len(name.encode()) + 3 for name in names) <= limit_bytes:
        return names
    return tuple(dict.fromkeys(f"{table.source_schema}.*" for table in tables))
