import ssl
from typing import Literal

from sterna_core.connection.endpoint import SslMode


def tls_argument(mode: SslMode) -> ssl.SSLContext | Literal[False, "prefer"]:
    """Give what asyncpg takes for an `ssl_mode`.

    `require` encrypts and trusts any certificate, as in libpq. `verify-ca` and `verify-full` trust
    the certificates of the system, or those that SSL_CERT_FILE and SSL_CERT_DIR name.
    """
    if mode == "disable":
        return False
    if mode == "prefer":
        return "prefer"
    # A context of our own: asyncpg would read files and variables of whoever runs the process.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    else:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    context.set_alpn_protocols(["postgresql"])
    return context
