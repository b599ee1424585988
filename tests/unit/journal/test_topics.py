from aiokafka.partitioner import murmur2 as murmur2_of_aiokafka
from hypothesis import given
from hypothesis import strategies as st

from sterna_core.journal.topics import Topics, murmur2, partition_for


@given(st.binary(max_size=80))
def test_a_key_goes_to_the_partition_that_other_kafka_clients_give_it(key: bytes):
    assert murmur2(key) == murmur2_of_aiokafka(key) & 0xFFFFFFFF


def test_the_partition_of_a_key_never_changes():
    assert [partition_for(f"org_1/mig_{n}".encode(), 8) for n in range(6)] == [5, 1, 3, 6, 1, 4]


def test_the_journal_is_kept_for_ever_and_never_compacted():
    topics = Topics()
    (events,) = [topic for topic in topics.specifications() if topic.name == topics.events]
    assert events.config["retention.ms"] == "-1"
    assert events.config["retention.bytes"] == "-1"
    assert events.config["cleanup.policy"] == "delete"


def test_commands_and_events_have_the_same_number_of_partitions():
    topics = Topics(partitions=5)
    found = {topic.name: topic.partitions for topic in topics.specifications()}
    assert found[topics.commands] == found[topics.events] == 5
