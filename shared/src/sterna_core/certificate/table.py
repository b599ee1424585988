from msgspec import Struct, json
from msgspec.structs import replace

from sterna_core.certificate.merkle import leaf_hash
from sterna_core.certificate.proof import TableProof

_encoder = json.Encoder(order="deterministic")


class CertifiedColumn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column that was copied: what was read of the source's row, and where it went."""

    source: str
    target: str
    expression: str


class CertifiedTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table as a certificate has it: enough to sum its rows again and to compare.

    Its shape is part of the format: a field is never added without a new version of that.
    """

    table_id: str
    source_schema: str
    source_table: str
    target_schema: str
    target_table: str
    columns: tuple[CertifiedColumn, ...]
    key: tuple[str, ...]
    rows: int
    proof: TableProof

    def side_leaf(self, root: str) -> bytes:
        """Give the leaf that stands for one side of this table in the chain of all tables."""
        return leaf_hash(f"{self.table_id}\0{root}".encode())

    def evidence_leaf(self) -> bytes:
        """Give the leaf that stands for all that is said of this table; its leaves by their root."""
        return leaf_hash(_encoder.encode(replace(self, proof=replace(self.proof, leaves=b""))))
