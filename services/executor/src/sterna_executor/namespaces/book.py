"""The port to what is known of namespaces: their names, their resources and their aliases."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import uuid5

from msgspec import Struct

from sterna_core import ids
from sterna_core.clock import Clock
from sterna_core.errors import Rejected
from sterna_core.group_error import foremost
from sterna_core.journal.client import CommandClient
from sterna_core.journal.codec import Codec
from sterna_core.journal.log import Log, RecordSender
from sterna_core.journal.outcome import Outcome
from sterna_core.journal.topics import Topics
from sterna_core.namespace.commands import (
    CheckResources,
    CreateNamespace,
    DeleteNamespace,
    PutResource,
    RemoveResource,
)
from sterna_core.namespace.decider import NAMESPACE, RESOURCES_DIFFER
from sterna_core.namespace.place import place_of_name
from sterna_core.namespace.putting import digest_of
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_name.commands import ClaimName, PointAlias, ReleaseName
from sterna_core.namespace_name.decider import ALIAS_ELSEWHERE, NAMESPACE_NAME
from sterna_core.tasks.namespace_work import Named, NamespaceTask

COMMAND_SECONDS = 30.0
"""How long the decider may take to answer a command."""


class Differing(Struct, frozen=True):
    """Resources that are not there, and those with another definition."""

    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


class Removal(Protocol):
    """Forgets what a migration has made. Raises Rejected, and Transient."""

    async def remove(self, task: NamespaceTask, resources: Sequence[Named]) -> None:
        """Forget the target, or these resources of one that was there before."""
        ...


class NamespaceBook(Removal, Protocol):
    """Writes down what a migration makes. Every method raises Rejected, and Transient."""

    async def create(self, task: NamespaceTask) -> None:
        """Make the target namespace; nothing where it was made for this migration before."""
        ...

    async def put(self, task: NamespaceTask, resource: Resource) -> None:
        """Put a resource into the target."""
        ...

    async def point(self, task: NamespaceTask, alias: str, *, back: bool = False) -> str:
        """Lead an alias from the source to the target, or back; give where it leads then.

        One that leads elsewhere stays as it is; nowhere is an empty text.
        """
        ...

    async def differing(self, task: NamespaceTask, digests: Mapping[str, str]) -> Differing:
        """Say which resources of the target are not as they were put."""
        ...


def _ends(task: NamespaceTask, *, back: bool) -> tuple[str, str]:
    source, target = task.source.namespace_id, task.target.namespace_id
    return (target, source) if back else (source, target)


class BusNamespaceBook:
    """Asks the deciders of namespaces, and waits for their answers on the journal."""

    def __init__(
        self, log: Log, sender: RecordSender, topics: Topics, executor_id: str, clock: Clock
    ) -> None:
        self._log = log
        self._sender = sender
        self._topics = topics
        self._actor = f"executor:{executor_id}"
        self._clock = clock
        self._codec = Codec([NAMESPACE, NAMESPACE_NAME])  # making one takes a while

    async def create(self, task: NamespaceTask) -> None:
        """Claim the name, and make what it was claimed for."""
        target = task.target
        command = CreateNamespace(
            name=target.name,
            by=self._actor,
            description=f"Made by the migration {task.migration_id}",
            store=target.store,
            feature_extractors=target.extractors,
        )
        claim = ClaimName(namespace_id=target.namespace_id, namespace=command)
        await self._ask(task, place_of_name(task.org_id, target.name), claim)
        await self._ask(task, target.namespace_id, command)

    async def put(self, task: NamespaceTask, resource: Resource) -> None:
        """Put a resource."""
        await self._ask(task, task.target.namespace_id, PutResource(resource=resource))

    async def point(self, task: NamespaceTask, alias: str, *, back: bool = False) -> str:
        """Point an alias."""
        here, there = _ends(task, back=back)
        command = PointAlias(name=alias, namespace_id=there, only_from=here)
        try:
            await self._ask(task, place_of_name(task.org_id, alias), command)
        except Rejected as refused:
            if refused.code != ALIAS_ELSEWHERE:
                raise
            return refused.details["namespace_id"] or ""
        return there

    async def remove(self, task: NamespaceTask, resources: Sequence[Named]) -> None:
        """Remove resources, or the namespace."""
        target = task.target
        if target.existing:
            for kind, name in resources:
                gone = RemoveResource(kind=kind, resource_id=name)
                await self._forget(task, target.namespace_id, gone, about=name)
            return
        await self._forget(task, target.namespace_id, DeleteNamespace())
        place = place_of_name(task.org_id, target.name)
        await self._ask(task, place, ReleaseName(namespace_id=target.namespace_id))

    async def _forget(
        self, task: NamespaceTask, aggregate_id: str, command: Struct, *, about: str = ""
    ) -> None:
        """Ask for something to be gone; it may be so already."""
        try:
            await self._ask(task, aggregate_id, command, about=about)
        except Rejected as refused:
            if not refused.code.endswith("_not_found"):
                raise

    async def differing(self, task: NamespaceTask, digests: Mapping[str, str]) -> Differing:
        """Ask for what differs."""
        command = CheckResources(digests=dict(digests))
        try:
            await self._ask(task, task.target.namespace_id, command)
        except Rejected as refused:
            if refused.code != RESOURCES_DIFFER:
                raise
            told = refused.details
            return Differing(tuple(told["missing"]), tuple(told["changed"]))
        return Differing()

    async def _ask(
        self, task: NamespaceTask, aggregate_id: str, command: Struct, *, about: str = ""
    ) -> None:
        try:
            outcome = await self._send(task, aggregate_id, command, about)
        except BaseExceptionGroup as group_error:
            raise foremost(group_error) from None
        if outcome.rejected is not None:
            raise outcome.rejected

    async def _send(
        self, task: NamespaceTask, aggregate_id: str, command: Struct, about: str
    ) -> Outcome:
        client = CommandClient(self._log, self._sender, self._codec, self._topics)
        # Another attempt asks anew: what was in its way may have been put right.
        name = f"{task.task_id}\0{task.attempt}\0{aggregate_id}"
        if about:
            name += f"\0{about}"
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(client.run())
            outcome = await client.send(
                aggregate_id,
                task.org_id,
                command,
                command_id=str(uuid5(ids.NAMESPACE, name)),
                actor=self._actor,
                now=self._clock(),
                deadline_seconds=COMMAND_SECONDS,
            )
            reading.cancel()
        return outcome


class MemoryNamespaceBook:
    """Writes down in memory."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Resource]] = {}
        self.aliases: dict[str, str] = {}

    async def create(self, task: NamespaceTask) -> None:
        """Make it."""
        self.made.setdefault(task.target.namespace_id, {})

    async def put(self, task: NamespaceTask, resource: Resource) -> None:
        """Put it."""
        self.made[task.target.namespace_id][resource.resource_id] = resource

    async def point(self, task: NamespaceTask, alias: str, *, back: bool = False) -> str:
        """Point it."""
        here, there = _ends(task, back=back)
        if self.aliases.get(alias, here) == here:
            self.aliases[alias] = there
        return self.aliases[alias]

    async def remove(self, task: NamespaceTask, resources: Sequence[Named]) -> None:
        """Remove it."""
        made = self.made.get(task.target.namespace_id, {})
        for _, name in resources:
            made.pop(name, None)
        if not task.target.existing:
            self.made.pop(task.target.namespace_id, None)

    async def differing(self, task: NamespaceTask, digests: Mapping[str, str]) -> Differing:
        """Compare."""
        made = self.made[task.target.namespace_id]
        return Differing(
            tuple(sorted(set(digests) - set(made))),
            tuple(
                sorted(
                    name
                    for name, digest in digests.items()
                    if name in made and digest_of(made[name]) != digest
                )
            ),
        )
