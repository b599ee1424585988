import re
from hashlib import sha256
from importlib.resources import files

import asyncpg
from msgspec import Struct

from sterna_core.errors import Misconfigured
from sterna_core.postgres.identifiers import quote

_FOLDER = "schema"
_NAME = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+\.sql\Z")
_LOCK = 0x5745524E4101
"""Only one process changes the schema at a time."""

_BOOKKEEPING = """
create table if not exists schema_steps (
  number integer primary key,
  name text not null,
  sha256 text not null,
  applied_at timestamptz not null default now()
)
"""


class SchemaStep(Struct, frozen=True):
    """One numbered change of the schema; once released it is never edited."""

    number: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """Give the SHA-256 of the text."""
        return sha256(self.sql.encode()).hexdigest()


def read_steps(package: str) -> tuple[SchemaStep, ...]:
    """Read the steps that this version knows of a package's tables, in order."""
    folder = files(package).joinpath(_FOLDER)
    steps = []
    for entry in folder.iterdir():
        match = _NAME.match(entry.name)
        if match:
            text = entry.read_text(encoding="utf-8")
            steps.append(SchemaStep(int(match["number"]), entry.name, text))
    return tuple(sorted(steps, key=lambda step: step.number))


async def apply_steps(
    connection: asyncpg.Connection, schema: str, steps: tuple[SchemaStep, ...]
) -> None:
    """Bring a PostgreSQL schema up to this version; each step is one transaction.

    Raises Misconfigured where a step that was applied had another text, or where the database
    belongs to a newer version.
    """
    await connection.execute("select pg_advisory_lock($1)", _LOCK)
    try:
        await connection.execute(f"create schema if not exists {quote(schema)}")
        await connection.execute(f"set search_path to {quote(schema)}")
        await connection.execute(_BOOKKEEPING)
        rows = await connection.fetch("select number, sha256 from schema_steps")
        applied = {row["number"]: row["sha256"] for row in rows}
        _check(schema, applied, steps)
        for step in steps:
            if step.number not in applied:
                await _apply(connection, step)
    finally:
        await connection.execute("select pg_advisory_unlock($1)", _LOCK)


def _check(schema: str, applied: dict[int, str], known: tuple[SchemaStep, ...]) -> None:
    digests = {step.number: step.digest for step in known}
    if applied.keys() - digests.keys():
        raise Misconfigured(f"The schema {schema} belongs to a newer version; start that one.")
    for number, digest in applied.items():
        if digests[number] != digest:
            raise Misconfigured(
                f"Step {number} of the schema {schema} was applied with another text;"
                " drop the schema and start again: it is made anew."
            )


async def _apply(connection: asyncpg.Connection, step: SchemaStep) -> None:
    async with connection.transaction():
        await connection.execute(step.sql)
        await connection.execute(
            "insert into schema_steps (number, name, sha256) values ($1, $2, $3)",
            step.number,
            step.name,
            step.digest,
        )
