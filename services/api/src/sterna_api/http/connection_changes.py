from sterna_api.http.connection_bodies import (
    ChangedConfigBody,
    ChangedOptionsBody,
    UpdateConnectionBody,
)
from sterna_core.connection.changes import ConnectionChanges
from sterna_core.secrets.keyring import Keyring
from sterna_core.secrets.secret import Secret


def changes_of(body: UpdateConnectionBody, keyring: Keyring, *, context: str) -> ConnectionChanges:
    """Give what a request changes; a new password is sealed for `context`."""
    config, options = body.config or ChangedConfigBody(), body.options or ChangedOptionsBody()
    sealed = None
    if config.password is not None:
        sealed = keyring.seal(Secret(config.password), context=context)
    return ConnectionChanges(
        name=body.name,
        description=body.description,
        role=body.role,
        tags=tuple(body.tags) if body.tags is not None else None,
        schemas=tuple(config.schemas) if config.schemas is not None else None,
        host=config.host,
        port=config.port,
        database=config.database,
        username=config.username,
        sealed_password=sealed,
        ssl_mode=options.ssl_mode,
        connection_timeout_seconds=options.connection_timeout_seconds,
        query_timeout_seconds=options.query_timeout_seconds,
        max_connections=options.max_connections,
    )
