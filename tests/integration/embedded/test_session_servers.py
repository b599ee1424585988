import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from tests.servers import PostgresTestServer


async def test_source_and_target_are_different_empty_databases(
    source_database: str, target_database: str
) -> None:
    assert source_database != target_database
    for url in (source_database, target_database):
        connection = await asyncpg.connect(url)
        try:
            tables = await connection.fetchval(
                "select count(*) from pg_class where relnamespace = 'public'::regnamespace"
            )
        finally:
            await connection.close()
        assert tables == 0


async def test_a_database_made_in_a_test_has_a_name_of_its_own(
    postgres_server: PostgresTestServer,
) -> None:
    made = {await postgres_server.create_database() for _ in range(3)}
    assert len(made) == 3
    for url in made:
        await postgres_server.drop_database(url)


async def test_the_broker_takes_records_of_topics_that_were_made(kafka_bootstrap: str) -> None:
    topic = "embedded-session-servers"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 2, 1)])
    finally:
        await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, acks="all")
    await producer.start()
    try:
        first = await producer.send_and_wait(topic, b"one", partition=0)
        second = await producer.send_and_wait(topic, b"two", partition=0)
    finally:
        await producer.stop()
    assert (first.offset, second.offset) == (0, 1)
