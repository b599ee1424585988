from msgspec import Struct

from sterna_cli.client.session import decoder


class CertificateKey(Struct, frozen=True):
    """The key that certificates are checked with."""

    algorithm: str
    key_id: str
    public_key: str


CERTIFICATE_KEY = decoder(CertificateKey)
