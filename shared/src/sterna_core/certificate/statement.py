"""What a certificate says, and what is signed."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, json

from sterna_core.certificate.merkle import merkle_root
from sterna_core.certificate.table import CertifiedTable
from sterna_core.clock import UtcDatetime

FORMAT: Literal["sterna-certificate-1"] = "sterna-certificate-1"

_encoder = json.Encoder(order="deterministic")


class Party(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One side, without what enters it."""

    connection_id: str
    connection_name: str
    host: str
    port: int
    database: str


class KindResult(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one kind of validation came to: of what, how much was checked, how much failed."""

    kind: str
    scope: str
    status: Literal["passed", "not_requested"]
    checked: int
    failed: int


class Coverage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much the proof covers."""

    tables_total: int
    tables_compared: int
    rows_compared: int
    objects_built: int


class HashChain(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Merkle roots, in hexadecimal: over each side of all tables, and over all that is said."""

    algorithm: Literal["sha256"] = "sha256"
    source_root: str
    target_root: str
    evidence_root: str


SKIPPED = "skipped by"
"""How the reason of rows begins that were left out of the target."""


class Exempt(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows that are not in the target, or are there with another value than on the source: why."""

    table_id: str | None
    rows: int
    reason: str


class Statement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is certified of a migration."""

    format: Literal["sterna-certificate-1"] = FORMAT
    certificate_id: str
    migration_id: str
    organization_id: str
    name: str
    source: Party
    target: Party
    started_at: UtcDatetime
    issued_at: UtcDatetime
    plan_digest: str
    structure_digest: str
    kinds: tuple[KindResult, ...]
    coverage: Coverage
    hash_chain: HashChain
    exceptions: tuple[Exempt, ...]

    def signed_bytes(self) -> bytes:
        """Give what a signature is made over."""
        return FORMAT.encode() + b"\n" + _encoder.encode(self)


def hash_chain(tables: Sequence[CertifiedTable]) -> HashChain:
    """Chain the tables, in the order of their ids."""
    ordered = sorted(tables, key=lambda table: table.table_id)
    return HashChain(
        source_root=merkle_root([each.side_leaf(each.proof.source_root) for each in ordered]).hex(),
        target_root=merkle_root([each.side_leaf(each.proof.target_root) for each in ordered]).hex(),
        evidence_root=merkle_root([each.evidence_leaf() for each in ordered]).hex(),
    )
