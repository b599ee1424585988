"""Measures how long a REST command takes to its outcome: `commands.py URL KEY [RATE] [SECONDS]`.

Commands are sent at a steady rate whatever the answers take, so a slow answer is not hidden by
the pause that it causes.
"""

import asyncio
import statistics
import sys
import time

import aiohttp
import msgspec

LEAD_SECONDS = 1.0
RATE_PER_SECOND = 50.0
SECONDS = 20.0


async def main(url: str, key: str, rate: float, seconds: float) -> None:
    """Print the distribution of the answers' times, in milliseconds."""
    took: list[float] = []
    failed = 0
    headers = {"Authorization": f"Bearer {key}"}

    async def command(session: aiohttp.ClientSession, number: int, due: float) -> None:
        nonlocal failed
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        body = {"url": f"https://example.com/{number}", "events": ["*"]}
        async with session.post(f"{url}/v1/webhooks", data=msgspec.json.encode(body)) as answer:
            await answer.read()
            failed += answer.status != 201
        took.append((time.perf_counter() - due) * 1000)

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
        begin = time.perf_counter() + LEAD_SECONDS
        async with asyncio.TaskGroup() as group:
            for number in range(int(rate * seconds)):
                group.create_task(command(session, number, begin + number / rate))
    cuts = statistics.quantiles(took, n=1000)
    result = {
        "commands": len(took),
        "failed": failed,
        "rate_per_second": rate,
        "p50_milliseconds": round(cuts[499], 1),
        "p90_milliseconds": round(cuts[899], 1),
        "p99_milliseconds": round(cuts[989], 1),
        "max_milliseconds": round(max(took), 1),
    }
    print(msgspec.json.encode(result).decode())


if __name__ == "__main__":
    rates = [float(text) for text in sys.argv[3:5]]
    asyncio.run(main(*sys.argv[1:3], *(rates + [RATE_PER_SECOND, SECONDS][len(rates) :])))
