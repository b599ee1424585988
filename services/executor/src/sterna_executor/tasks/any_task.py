from sterna_core.tasks.namespace_work import NamespaceTask
from sterna_core.tasks.task import Task

AnyTask = Task | NamespaceTask
"""What the bus brings: work on databases, and on namespaces."""
