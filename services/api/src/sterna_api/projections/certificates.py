import asyncpg
import msgspec

from sterna_api.projections.database import Database
from sterna_api.projections.migrations import Migrations
from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.statements import Statements
from sterna_core.certificate.certificate import Certificate
from sterna_core.certificate.proof import TableProof
from sterna_core.migration import events as ev
from sterna_core.migration.certify import certified_table
from sterna_core.migration.view import IssuedCertificate

_SQL = Statements("certificates.sql")
_decoder = msgspec.json.Decoder(TableProof)


class Certificates:
    """Certificates, put together from what was signed and the evidence beside it."""

    def __init__(self, database: Database, migrations: Migrations) -> None:
        self._database = database
        self._migrations = migrations

    async def find(self, org_id: str, migration_id: str, issued: IssuedCertificate) -> Certificate:
        """Give the whole certificate of a migration; raises DatabaseAway."""
        plans = await self._migrations.plan_tables(org_id, migration_id)
        rows = await self._database.fetch(_SQL["table_proofs"], org_id, migration_id)
        proofs = {row["table_id"]: (row["rows"], _decoder.decode(row["document"])) for row in rows}
        tables = [
            certified_table(plan, *proofs[plan.table_id])
            for plan in plans
            if plan.table_id in proofs
        ]
        return Certificate(
            statement=issued.statement,
            signature=issued.signature,
            tables=tuple(sorted(tables, key=lambda table: table.table_id)),
        )


async def project_table_proof(connection: asyncpg.Connection, occurrence: Occurrence) -> None:
    """Keep what a comparison left behind."""
    event = occurrence.event
    if not isinstance(event, ev.TableCompared):
        return
    key = (occurrence.org_id, occurrence.aggregate_id, event.table_id)
    if event.proof is None or event.differing_buckets:
        await connection.execute(_SQL["forget_table_proof"], *key)
        return
    document = msgspec.json.encode(event.proof).decode()
    await connection.execute(_SQL["upsert_table_proof"], *key, event.target_rows, document)
