import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from sterna_core.errors import Misconfigured, Unreachable
from sterna_core.journal.topics import Topic, Topics
from sterna_core.kafka.access import KafkaAccess

_SECONDS = 60.0
_POLL_SECONDS = 0.1


async def provision_topics(access: KafkaAccess, topics: Topics) -> None:
    """Make the topics that are missing, and see that those that exist are as they must be.

    Commands and events keep the number of partitions they were made with, for a key's partition
    follows from it. Raises Misconfigured where it is another one, or where the journal is not
    kept for ever; raises Unreachable.
    """
    admin = AIOKafkaAdminClient(**_without(access.arguments(), "metadata_max_age_ms"))
    try:
        async with asyncio.timeout(_SECONDS):
            await admin.start()
            await _create(admin, topics)
            await _check_partitions(admin, topics)
            await _check_retention(admin, topics)
    except (KafkaError, TimeoutError, OSError) as error:
        raise Unreachable("Kafka does not make or describe the topics.") from error
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: Topics) -> None:
    present = set(await admin.list_topics())
    missing = [topic for topic in topics.specifications() if topic.name not in present]
    if not missing:
        return
    response = await admin.create_topics(
        [
            NewTopic(topic.name, topic.partitions, topics.replication, topic_configs=topic.config)
            for topic in missing
        ]
    )
    for name, code, *_ in response.topic_errors:
        error = for_code(code)
        if code != 0 and error is not TopicAlreadyExistsError:
            raise Misconfigured(f"Kafka refuses to make the topic {name}: {error.__name__}.")


async def _check_partitions(admin: AIOKafkaAdminClient, topics: Topics) -> None:
    for topic in topics.specifications():
        found = await _partitions(admin, topic)
        if topic.name in {topics.commands, topics.events} and found != topic.partitions:
            raise Misconfigured(
                f"The topic {topic.name} has {found} partitions, the settings say"
                f" {topic.partitions}; set the number it was made with."
            )
        if found < topic.partitions:
            await admin.create_partitions({topic.name: NewPartitions(topic.partitions)})


async def _partitions(admin: AIOKafkaAdminClient, topic: Topic) -> int:
    """Wait until every partition of a topic has a leader, and count them."""
    while True:
        (described,) = await admin.describe_topics([topic.name])
        partitions: Sequence[Any] = described["partitions"]
        if partitions and all(partition["leader"] >= 0 for partition in partitions):
            return len(partitions)
        await asyncio.sleep(_POLL_SECONDS)


async def _check_retention(admin: AIOKafkaAdminClient, topics: Topics) -> None:
    wanted = ConfigResource(ConfigResourceType.TOPIC, topics.events)
    found: dict[str, str] = {}
    for response in await admin.describe_configs([wanted]):
        for resource in response.resources:
            found.update({entry[0]: entry[1] for entry in resource[4]})
    for setting, value in (
        ("cleanup.policy", "delete"),
        ("retention.ms", "-1"),
        ("retention.bytes", "-1"),
    ):
        if found.get(setting) != value:
            raise Misconfigured(
                f"The topic {topics.events} is the one truth and must be kept whole:"
                f" set its {setting} to {value}."
            )


def _without(arguments: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in names}
