"""Identifiers: a prefix that names the kind, and 128 bits in lower-case hexadecimal."""

from hashlib import sha1
from uuid import UUID, uuid4, uuid5

NAMESPACE = UUID("6f1f3c0a-52d1-5a5c-9c1e-5b7e3f0a9d11")
"""The namespace of every name-based id of Sterna; never changes."""

_NAMESPACE_BYTES = NAMESPACE.bytes
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}

MIGRATION = "mig_"
NAMESPACE_MIGRATION = "nmig_"
VECTOR_NAMESPACE = "ns_"
NAMESPACE_NAME = "nsn_"
CONNECTION = "conn_"
WEBHOOK = "wh_"
API_KEY = "key_"
TASK = "tsk_"
EXECUTION = "exc_"
INTERACTION = "int_"
CERTIFICATE = "cert_"
EVENT = "evt_"
ERROR = "err_"
NOTICE = "ntc_"
WAITS = "wts_"


def random_id(prefix: str) -> str:
    """Make a fresh id."""
    return f"{prefix}{uuid4().hex}"


def derived_id(prefix: str, *parts: str) -> str:
    """Make the id that belongs to `parts`: the same parts give the same id.

    It is a UUID of version 5, put together here: one is made for every document of a migration.
    """
    text = "\0".join(parts)
    digest = sha1(_NAMESPACE_BYTES + text.encode(), usedforsecurity=False).hexdigest()
    return f"{prefix}{digest[:12]}5{digest[13:16]}{_VARIANT[digest[16]]}{digest[17:32]}"


def command_id_for(org_id: str, idempotency_key: str | None) -> str:
    """Make a command's id: derived from the client's key where there is one, fresh otherwise."""
    if idempotency_key is None:
        return str(uuid4())
    return str(uuid5(NAMESPACE, f"{org_id}\0{idempotency_key}"))
