"""Topics are made as they must be, and never silently used as they are not."""

import asyncio
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from msgspec.structs import replace

from sterna_core.errors import Misconfigured, Unreachable
from sterna_core.journal.topics import Topics
from sterna_core.kafka.access import KafkaAccess
from sterna_core.kafka.provisioning import provision_topics

KNOWN_SECONDS = 30
LOOK_SECONDS = 0.05


def topics() -> Topics:
    return Topics(
        prefix=f"t{uuid4().hex[:12]}", partitions=3, task_partitions=2, telemetry_partitions=1
    )


async def test_topics_are_made_once_and_making_them_again_changes_nothing(kafka_bootstrap: str):
    access, wanted = KafkaAccess(kafka_bootstrap), topics()
    for _ in range(2):
        await provision_topics(access, wanted)


async def test_starting_with_another_number_of_partitions_is_refused(kafka_bootstrap: str):
    access, wanted = KafkaAccess(kafka_bootstrap), topics()
    await provision_topics(access, wanted)
    with pytest.raises(Misconfigured, match="has 3 partitions, the settings say 4"):
        await provision_topics(access, replace(wanted, partitions=4))


async def until_partitions(admin: AIOKafkaAdminClient, topic: str, count: int) -> None:
    """Wait until the broker tells of so many partitions: it makes them known a little later."""
    async with asyncio.timeout(KNOWN_SECONDS):
        while True:
            (described,) = await admin.describe_topics([topic])
            if len(described["partitions"]) == count:
                return
            await asyncio.sleep(LOOK_SECONDS)


async def test_more_task_partitions_are_added(kafka_bootstrap: str):
    access, wanted = KafkaAccess(kafka_bootstrap), topics()
    await provision_topics(access, wanted)
    await provision_topics(access, replace(wanted, task_partitions=4))
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    try:
        await until_partitions(admin, wanted.tasks, 4)
    finally:
        await admin.close()


async def test_a_journal_that_would_forget_is_refused(kafka_bootstrap: str):
    access, wanted = KafkaAccess(kafka_bootstrap), topics()
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics(
        [NewTopic(wanted.events, 3, 1, topic_configs={"cleanup.policy": "compact"})]
    )
    await admin.close()
    with pytest.raises(Misconfigured, match=r"cleanup\.policy"):
        await provision_topics(access, wanted)


async def test_a_broker_that_is_not_there_is_said_to_be_unreachable():
    with pytest.raises(Unreachable):
        await provision_topics(KafkaAccess("127.0.0.1:1"), topics())
