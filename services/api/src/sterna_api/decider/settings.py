from msgspec import Struct


class DeciderSettings(Struct, frozen=True):
    """How owners work."""

    group_id: str = "sterna-deciders"
    instance_id: str | None = None
    """Names this process for good: started again within the session's time-out, it gets back
    the partitions it had at once. Two processes must not share one."""
    session_timeout_seconds: float = 10.0
    """How long a process may be silent before its partitions go to others."""
    batch_commands_max: int = 200
    """How many commands are decided on before others on this loop get a turn."""
    snapshot_seconds: float = 60.0
    """How long a change may go without a snapshot; snapshots only save time at a takeover."""
    drain_seconds: float = 5.0
    """How long an owner may take to finish its batch when it is told to stop."""
    retry_seconds: float = 0.2
    """How long the first pause after trouble is at most; it doubles with every further one."""
    yield_seconds: float = 1.0
    """How long an owner at least waits after another one took its partition."""
