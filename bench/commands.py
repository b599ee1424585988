"""Measures how long a REST command takes to its outcome: `[--url URL --key KEY]`.

Without an address a stack is started for it. Commands are sent at a steady rate whatever the answers take, so a slow answer is not hidden by
the pause that it causes.
"""

import argparse
import asyncio
import statistics
import time
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from bench import report
from bench.stoppable import stoppable

from sterna_cli.stack import Stack
from sterna_cli.temporary_home import temporary_home

LEAD_SECONDS = 1.0
RATE_PER_SECOND = 50.0
SECONDS = 20.0
WARMING_SECONDS = 3.0
P50_MILLISECONDS = 20.0
P99_MILLISECONDS = 100.0
_RESULTS = Path(__file__).parent / "results"


async def measure(url: str, key: str, rate: float, seconds: float) -> dict[str, Any]:
    """Give the distribution of the answers' times, in milliseconds."""
    took: list[float] = []
    failed = 0
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

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
    return {
        "commands": len(took),
        "failed": failed,
        "rate_per_second": rate,
        "p50_milliseconds": round(cuts[499], 1),
        "p90_milliseconds": round(cuts[899], 1),
        "p99_milliseconds": round(cuts[989], 1),
        "max_milliseconds": round(max(took), 1),
    }


async def main(options: argparse.Namespace) -> int:
    """Print the figures, and tell whether they are within what is promised."""
    if options.url:
        found = await measure(options.url, options.key, options.rate, options.seconds)
    else:
        async with temporary_home("bench-stack") as home, Stack(home, executors=0) as stack:
            key = stack.key.reveal()
            await measure(stack.url, key, options.rate, WARMING_SECONDS)
            found = await measure(stack.url, key, options.rate, options.seconds)
    print(msgspec.json.format(msgspec.json.encode(found)).decode())
    print(f"written to {report.write(_RESULTS, 'commands', {}, found)}")
    within = (
        found["p50_milliseconds"] <= P50_MILLISECONDS
        and found["p99_milliseconds"] <= P99_MILLISECONDS
    )
    return 0 if within and not found["failed"] else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    parser.add_argument("--key")
    parser.add_argument("--rate", type=float, default=RATE_PER_SECOND)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    raise SystemExit(asyncio.run(stoppable(main(parser.parse_args()))))
