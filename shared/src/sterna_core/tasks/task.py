from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.connection.endpoint import Endpoint
from sterna_core.tasks.work import AnyWork


class Task(Struct, frozen=True, kw_only=True, tag="task.v1", tag_field="type"):
    """A command for executors, with all that is needed to carry it out.

    It may be delivered more than once; `task_id` stays the same over attempts and deliveries.
    `epoch` is compared with the target's fence row before anything is written.
    """

    task_id: str
    attempt: int
    migration_id: str
    org_id: str
    epoch: int
    source: Endpoint
    target: Endpoint
    work: AnyWork
    dispatched_at: UtcDatetime
