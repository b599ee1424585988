"""Makes certificates."""

from datetime import UTC, datetime

from sterna_core.certificate.certificate import Certificate
from sterna_core.certificate.proof import TableProof, root_of_leaves
from sterna_core.certificate.signing import SigningKey
from sterna_core.certificate.statement import (
    Coverage,
    Exempt,
    KindResult,
    Party,
    Statement,
    hash_chain,
)
from sterna_core.certificate.table import CertifiedColumn, CertifiedTable

KEY = SigningKey(b"a signing key for tests of Stern")


def certified_table(name: str, *, equal: bool = True) -> CertifiedTable:
    leaves = b"".join(f"{name} {number}".encode().ljust(32, b".") for number in range(2))
    root = root_of_leaves(leaves)
    return CertifiedTable(
        table_id=f"public.{name}",
        source_schema="public",
        source_table=name,
        target_schema="public",
        target_table=name,
        columns=(CertifiedColumn(source="id", target="id", expression='"id"'),),
        key=("id",),
        rows=7,
        proof=TableProof(
            canon="value",
            oldest_major=18,
            same_encoding=True,
            bucket_bits=3,
            leaf_bits=1,
            source_root=root if equal else "00" * 32,
            target_root=root,
            leaves=leaves,
        ),
    )


def certificate(*, key: SigningKey = KEY, equal: bool = True) -> Certificate:
    tables = (certified_table("orders", equal=equal), certified_table("people"))
    party = Party(
        connection_id="conn_1", connection_name="old", host="db", port=5432, database="shop"
    )
    statement = Statement(
        certificate_id="cert_1",
        migration_id="mig_1",
        organization_id="org_1",
        name="a migration",
        source=party,
        target=party,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        issued_at=datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC),
        plan_digest="ab" * 32,
        structure_digest="cd" * 32,
        kinds=(
            KindResult(kind="content", scope="every_row", status="passed", checked=2, failed=0),
        ),
        coverage=Coverage(tables_total=2, tables_compared=2, rows_compared=14, objects_built=3),
        hash_chain=hash_chain(tables),
        exceptions=(Exempt(table_id="public.orders", rows=1, reason="left out"),),
    )
    return Certificate(
        statement=statement, signature=key.sign(statement.signed_bytes()), tables=tables
    )
