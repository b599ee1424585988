"""A producer's life: started and ended within a deadline.

aiokafka retries an idempotent batch for ever, and `stop` waits for it: with the broker away both
would hang. So a producer of which something is not known is not stopped but discarded.
"""

import asyncio
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed

from sterna_core.errors import Unreachable
from sterna_core.journal.topics import BATCH_BYTES_MAX
from sterna_core.kafka.access import KafkaAccess
from sterna_core.kafka.ending import ended

START_SECONDS = 15.0
CLOSE_SECONDS = 3.0


async def start_producer(access: KafkaAccess, *, batch_bytes: int) -> AIOKafkaProducer:
    """Start an idempotent producer with `acks=all`; raises Unreachable."""
    producer = AIOKafkaProducer(
        **access.arguments(),
        acks="all",
        enable_idempotence=True,
        max_batch_size=batch_bytes,
        max_request_size=BATCH_BYTES_MAX,
        linger_ms=0,
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            await producer.start()
    except (KafkaError, TimeoutError, OSError) as error:
        await discard_producer(producer)
        raise Unreachable("Kafka does not answer.") from error
    except asyncio.CancelledError:
        await discard_producer(producer)
        raise
    return producer


async def stop_producer(producer: AIOKafkaProducer) -> None:
    """Send what is waiting and stop, or discard what cannot be sent in time."""
    if await ended(producer.flush(), CLOSE_SECONDS):
        await _close(producer)
    else:
        await discard_producer(producer)


async def discard_producer(producer: AIOKafkaProducer) -> None:
    """End a producer at once, without sending what is waiting and without waiting for answers.

    What was on its way may still be appended later.
    """
    # aiokafka has no public way to do this.
    producer._message_accumulator.fail_all(ProducerClosed())  # ruff: ignore[private-member-access]
    sender: asyncio.Task[Any] | None = producer._sender.sender_task  # ruff: ignore[private-member-access]
    if sender is not None:
        deadline = asyncio.get_running_loop().time() + CLOSE_SECONDS
        # The first cancellation makes the sender wait for its requests, the next one ends those.
        while not sender.done() and asyncio.get_running_loop().time() < deadline:
            sender.cancel()
            await asyncio.wait([sender], timeout=0.05)
    await _close(producer)


async def _close(producer: AIOKafkaProducer) -> None:
    if not await ended(producer.stop(), CLOSE_SECONDS):
        await ended(producer.client.close(), CLOSE_SECONDS)
