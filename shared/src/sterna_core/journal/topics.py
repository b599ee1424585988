from functools import lru_cache

from msgspec import Struct

RECORD_BYTES_MAX = 512 * 1024
"""No record on any topic is larger; what grows with a schema or a table is split before."""

BATCH_BYTES_MAX = 4 * 1024 * 1024
"""A batch of decisions is not larger, nor is a decision, which never spans two batches."""

_MESSAGE_BYTES_MAX = BATCH_BYTES_MAX + 64 * 1024
_DAY_MS = 24 * 60 * 60 * 1000
_FOR_EVER = -1


class Topic(Struct, frozen=True):
    """A topic as it has to be on the broker."""

    name: str
    partitions: int
    config: dict[str, str]


class Topics(Struct, frozen=True):
    """The topics of one installation."""

    prefix: str = "sterna"
    partitions: int = 8
    """Of the commands and of the events alike; fixed when the topics are made."""
    task_partitions: int = 16
    telemetry_partitions: int = 8
    telemetry_days: int = 90
    """As long as logs are promised."""
    replication: int = 1

    @property
    def commands(self) -> str:
        """Give the topic that handlers, timers and executors write commands to."""
        return f"{self.prefix}.commands"

    @property
    def events(self) -> str:
        """Give the journal's topic: the one truth, written by owners only."""
        return f"{self.prefix}.events"

    @property
    def tasks(self) -> str:
        """Give the topic of the work for executors."""
        return f"{self.prefix}.tasks"

    @property
    def telemetry(self) -> str:
        """Give the topic of log lines and progress figures."""
        return f"{self.prefix}.telemetry"

    @property
    def dead_letters(self) -> str:
        """Give the topic of records that nobody could read."""
        return f"{self.prefix}.dead-letters"

    def specifications(self) -> tuple[Topic, ...]:
        """Give every topic with its number of partitions and its settings."""
        return (
            Topic(self.commands, self.partitions, self._config(7)),
            Topic(self.events, self.partitions, self._config(_FOR_EVER)),
            Topic(self.tasks, self.task_partitions, self._config(7)),
            Topic(self.telemetry, self.telemetry_partitions, self._config(self.telemetry_days)),
            Topic(self.dead_letters, 1, self._config(30)),
        )

    def partition_of(self, org_id: str, aggregate_id: str) -> int:
        """Give the partition of an aggregate's commands and events."""
        return partition_for(key_of(org_id, aggregate_id), self.partitions)

    def _config(self, days: int) -> dict[str, str]:
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(days * _DAY_MS if days != _FOR_EVER else _FOR_EVER),
            "retention.bytes": "-1",
            "max.message.bytes": str(_MESSAGE_BYTES_MAX),
            "min.insync.replicas": str(min(2, self.replication)),
            "unclean.leader.election.enable": "false",
            "message.timestamp.type": "CreateTime",
        }


def key_of(org_id: str, aggregate_id: str) -> bytes:
    """Give the key of an aggregate's records."""
    return f"{org_id}/{aggregate_id}".encode()


@lru_cache(maxsize=16_384)
def partition_for(key: bytes, partitions: int) -> int:
    """Give the partition that every Kafka client's default partitioner gives a key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Hash as Kafka's clients do, to 32 bits without sign."""
    mixer, mask = 0x5BD1E995, 0xFFFFFFFF
    mixed = (0x9747B28C ^ len(data)) & mask
    whole = len(data) & ~3
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * mixer & mask
        word = (word ^ (word >> 24)) * mixer & mask
        mixed = (mixed * mixer & mask) ^ word
    if whole < len(data):
        mixed = (mixed ^ int.from_bytes(data[whole:], "little")) * mixer & mask
    mixed = (mixed ^ (mixed >> 13)) * mixer & mask
    return mixed ^ (mixed >> 15)
