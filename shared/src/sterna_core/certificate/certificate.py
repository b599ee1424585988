"""A whole certificate, and its check: every byte of the file counts."""

from msgspec import DecodeError, Struct, json

from sterna_core.certificate.merkle import DIGEST_BYTES
from sterna_core.certificate.proof import root_of_leaves
from sterna_core.certificate.signing import PublicKey, Signature
from sterna_core.certificate.statement import Statement, hash_chain
from sterna_core.certificate.table import CertifiedTable
from sterna_core.errors import Terminal

_encoder = json.Encoder(order="deterministic")


class Certificate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was proven, who says so, and the evidence table by table, in the order of their ids."""

    statement: Statement
    signature: Signature
    tables: tuple[CertifiedTable, ...]


class CertificateInvalid(Terminal):
    """The certificate proves nothing; the message says what is wrong with it."""

    code = "certificate_invalid"


_decoder = json.Decoder(Certificate)


def encode_certificate(certificate: Certificate) -> bytes:
    """Write a certificate in its one form."""
    return _encoder.encode(certificate)


def verify_certificate(body: bytes, public_key: PublicKey) -> Certificate:
    """Check a certificate offline: its form, its signature, and the chain down to every leaf.

    Raises CertificateInvalid where a single byte is not as it was signed.
    """
    try:
        certificate = _decoder.decode(body)
    except (DecodeError, RecursionError):
        raise CertificateInvalid("The file is not a certificate of this format.") from None
    if encode_certificate(certificate) != body:
        raise CertificateInvalid("The file is not written as certificates are: it was changed.")
    signature = certificate.signature
    if (signature.key_id, signature.public_key) != (public_key.key_id, public_key.text):
        raise CertificateInvalid("The certificate is signed with another key than the one given.")
    if not public_key.verifies(signature, certificate.statement.signed_bytes()):
        raise CertificateInvalid("The signature is not over what the certificate says.")
    _verify_chain(certificate)
    return certificate


def _verify_chain(certificate: Certificate) -> None:
    statement, tables = certificate.statement, certificate.tables
    ids = [table.table_id for table in tables]
    if ids != sorted(set(ids)) or len(ids) != statement.coverage.tables_compared:
        raise CertificateInvalid("The tables are not those that were compared.")
    if hash_chain(tables) != statement.hash_chain:
        raise CertificateInvalid("The evidence is not what was signed.")
    for table in tables:
        proof = table.proof
        whole = len(proof.leaves) == DIGEST_BYTES << proof.leaf_bits
        if not whole or root_of_leaves(proof.leaves) != proof.target_root:
            raise CertificateInvalid(f"The digests of {table.table_id} are not what was signed.")
        if proof.source_root != proof.target_root:
            raise CertificateInvalid(f"The two sides of {table.table_id} are not equal.")
    if sum(table.rows for table in tables) != statement.coverage.rows_compared:
        raise CertificateInvalid("The rows are not those that were compared.")
