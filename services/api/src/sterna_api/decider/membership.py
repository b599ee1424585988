import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError

from sterna_api.decider.settings import DeciderSettings
from sterna_core.kafka.access import KafkaAccess
from sterna_core.kafka.tail import stop_consumer

_POLL_SECONDS = 1.0
_RETRY_SECONDS = 1.0
_START_SECONDS = 15.0
_IDLE_SECONDS_MAX = 24 * 60 * 60
_HEARTBEATS_PER_SESSION = 5
_log = structlog.get_logger(__name__)

Assigned = Callable[[frozenset[int]], None]


class Membership(Protocol):
    """Says which partitions this process should own.

    It is for liveness only: two processes that both believe they own a partition do no harm.
    """

    async def run(self, assigned: Assigned) -> None:
        """Call `assigned` with all partitions that are ours whenever they change, for ever."""
        ...


class FixedMembership:
    """Owns the same partitions for ever: for a single process, and for tests."""

    def __init__(self, partitions: Iterable[int]) -> None:
        self._partitions = frozenset(partitions)

    async def run(self, assigned: Assigned) -> None:
        """Assign once."""
        assigned(self._partitions)
        await asyncio.Event().wait()


class GroupMembership:
    """Shares partitions with other processes through a consumer group.

    Nothing is fetched and no offset is committed through it. While the group rebalances, or Kafka
    is away, the partitions stay ours until the group says otherwise.
    """

    def __init__(self, access: KafkaAccess, topic: str, settings: DeciderSettings) -> None:
        self._access = access
        self._topic = topic
        self._settings = settings

    async def run(self, assigned: Assigned) -> None:
        """Be a member for ever; joins anew after a fault."""
        while True:
            consumer = self._consumer()
            try:
                async with asyncio.timeout(_START_SECONDS):
                    await consumer.start()
                consumer.subscribe([self._topic], listener=_Listener(consumer, assigned))
                await _poll(consumer)
            except (KafkaError, TimeoutError, OSError) as error:
                _log.warning("group_membership_interrupted", error=type(error).__name__)
            finally:
                await stop_consumer(consumer)
            await asyncio.sleep(_RETRY_SECONDS)

    def _consumer(self) -> AIOKafkaConsumer:
        session_ms = int(self._settings.session_timeout_seconds * 1000)
        return AIOKafkaConsumer(
            **self._access.arguments(),
            group_id=self._settings.group_id,
            group_instance_id=self._settings.instance_id,
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=session_ms // _HEARTBEATS_PER_SESSION,
            rebalance_timeout_ms=session_ms,
            max_poll_interval_ms=_IDLE_SECONDS_MAX * 1000,
            partition_assignment_strategy=(StickyPartitionAssignor,),
            enable_auto_commit=False,
            auto_offset_reset="latest",
        )


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    def __init__(self, consumer: AIOKafkaConsumer, assigned: Assigned) -> None:
        self._consumer = consumer
        self._assigned = assigned

    def on_partitions_revoked(self, revoked: Any) -> None:
        """Keep everything: what is ours the next assignment says."""

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        partitions = list(assigned)
        self._consumer.pause(*partitions)  # owners read for themselves
        self._assigned(frozenset(partition.partition for partition in partitions))


async def _poll(consumer: AIOKafkaConsumer) -> None:
    """Keep the membership alive; raises KafkaError where the group has a fault."""
    while True:
        await consumer.getmany(timeout_ms=int(_POLL_SECONDS * 1000))
