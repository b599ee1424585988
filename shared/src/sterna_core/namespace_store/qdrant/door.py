import warnings
from typing import Any

from sterna_core.connection.endpoint import Endpoint
from sterna_core.namespace_store.door import Door
from sterna_core.namespace_store.qdrant.session import open_client
from sterna_core.namespace_store.qdrant.store import QdrantNamespaceStore
from sterna_core.secrets.secret import Secret


def open_door(endpoint: Endpoint, password: Secret) -> Door:
    """Open a server's store; the password is its API key, and none is sent where it is empty."""
    scheme = "http" if endpoint.ssl_mode in {"disable", "prefer"} else "https"
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    where: dict[str, Any] = {"url": f"{scheme}://{host}:{endpoint.port}"}
    if password.reveal():
        where["api_key"] = password.reveal()
    if scheme == "https" and endpoint.ssl_mode == "require":
        # As with databases: TLS without a look at the certificate.
        where["verify"] = False
    with warnings.catch_warnings():
        # That the key goes without TLS is what the connection's ssl_mode says.
        warnings.filterwarnings("ignore", "Api key is used with an insecure connection")
        client = open_client(**where)
    return Door(QdrantNamespaceStore(client), client.close)
