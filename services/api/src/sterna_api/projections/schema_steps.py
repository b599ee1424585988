import asyncpg

from sterna_core.postgres.schema_steps import SchemaStep, apply_steps, read_steps


def schema_steps(package: str = "sterna_api.projections") -> tuple[SchemaStep, ...]:
    """Read the steps that this version knows of a package's tables, in order."""
    return read_steps(package)


async def apply_schema(
    connection: asyncpg.Connection, schema: str, steps: tuple[SchemaStep, ...] | None = None
) -> None:
    """Bring a PostgreSQL schema up to this version; raises Misconfigured as `apply_steps` does."""
    await apply_steps(connection, schema, steps if steps is not None else schema_steps())
