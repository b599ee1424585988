import asyncio

import structlog

from sterna_api.decider.membership import Membership
from sterna_api.decider.owner import Owner
from sterna_api.decider.ports import DeciderPorts
from sterna_api.decider.settings import DeciderSettings

_log = structlog.get_logger(__name__)


class Decider:
    """Runs an owner for each partition that the membership gives to this process."""

    def __init__(
        self, ports: DeciderPorts, membership: Membership, settings: DeciderSettings
    ) -> None:
        self._ports = ports
        self._membership = membership
        self._settings = settings
        self._wanted: frozenset[int] = frozenset()
        self._changed = asyncio.Event()
        self._stopping = False
        self._owners: dict[int, tuple[Owner, asyncio.Task[None]]] = {}

    @property
    def serving(self) -> frozenset[int]:
        """Give the partitions in which commands are being decided on here."""
        return frozenset(p for p, (owner, _) in self._owners.items() if owner.serving)

    @property
    def assigned(self) -> frozenset[int]:
        """Give the partitions that this process should own."""
        return self._wanted

    def stop(self) -> None:
        """Ask all owners to finish what is under way; `run` then ends within the drain time."""
        self._stopping = True
        self._changed.set()

    async def run(self) -> None:
        """Own partitions until `stop`. An owner that gets its partition back keeps its term."""
        async with asyncio.TaskGroup() as group:
            membership = group.create_task(self._membership.run(self._assign))
            while not self._stopping:
                await self._changed.wait()
                self._changed.clear()
                wanted = self._partitions_to_own()
                await self._end_owners(self._owners.keys() - wanted)
                for partition in sorted(wanted - self._owners.keys()):
                    owner = Owner(partition, self._ports, self._settings)
                    self._owners[partition] = owner, group.create_task(owner.run())
            membership.cancel()

    def _partitions_to_own(self) -> frozenset[int]:
        return frozenset() if self._stopping else self._wanted

    def _assign(self, partitions: frozenset[int]) -> None:
        _log.info("partitions_assigned", partitions=sorted(partitions))
        self._wanted = partitions
        self._changed.set()

    async def _end_owners(self, partitions: set[int]) -> None:
        ending = [self._owners.pop(partition) for partition in partitions]
        if not ending:
            return
        for owner, _ in ending:
            owner.stop()
        tasks = [task for _, task in ending]
        _, late = await asyncio.wait(tasks, timeout=self._settings.drain_seconds)
        for task in late:
            task.cancel()
        if late:
            _log.warning("owners_not_drained", count=len(late))
            await asyncio.wait(late, timeout=self._settings.drain_seconds)
