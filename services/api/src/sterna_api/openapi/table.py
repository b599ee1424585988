"""The one table of operations: what is documented, what is allowed, and what is refused."""

from sterna_api.openapi.operation import Operation
from sterna_api.openapi.operations import (
    api_keys,
    audit_logs,
    bus_description,
    certificates,
    connections,
    docs_page,
    mappings,
    migration_actions,
    migration_errors,
    migration_lifecycle,
    migrations,
    namespace_documents,
    namespace_migrations,
    namespaces,
    notifications,
    schedules,
    service,
    syncing,
    tasks,
    validations,
    webhooks,
)

# A module of operations/ for each group of routes; each has OPERATIONS.
_GROUPS = (
    migrations,
    mappings,
    migration_actions,
    migration_errors,
    certificates,
    schedules,
    migration_lifecycle,
    syncing,
    notifications,
    namespace_migrations,
    tasks,
    connections,
    validations,
    webhooks,
    namespaces,
    namespace_documents,
    api_keys,
    bus_description,
    audit_logs,
    docs_page,
    service,
)

OPERATIONS: tuple[Operation, ...] = tuple(
    operation for group in _GROUPS for operation in group.OPERATIONS
)
