"""Lets many followers follow one migration on one API process: `python -m bench.followers`.

Runs on servers of its own. A line is written to the migration's log at a steady rate while the
followers read, and some of them are cut off at random and resume. Every follower must have had
every line, once and in order. Prints what the API process needed.
"""

import argparse
import asyncio
import random
import re
import resource
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import msgspec
from bench.stoppable import stoppable
from tests.support.api.process import ApiProcesses, ApiServer

from sterna_cli.embedded import KafkaServer, PostgresServer
from sterna_core.journal.record import OutgoingRecord
from sterna_core.journal.topics import Topics, key_of, partition_for
from sterna_core.kafka.access import KafkaAccess
from sterna_core.kafka.sender import KafkaSender
from sterna_core.tasks.telemetry import LogLine

FILES = 10_000
END_SECONDS = 120.0
_ORG = "org_default"
_EVENT = re.compile(
    rb'id: (\S+)\nevent: (\w+)\ndata: (?:[^\n]*?"message":"line (\d+) at ([\d.]+)")?[^\n]*\n\n'
)


class Fan:
    """One follower: what it has had, over all its connections."""

    def __init__(self, chance: random.Random, cut_share: float) -> None:
        self.numbers: list[int] = []
        self.delays: list[float] = []
        self.last_id = ""
        self.joined = asyncio.Event()
        self.ended = False
        self.connections = 0
        self._chance = chance
        self._cut_share = cut_share

    async def follow(self, session: aiohttp.ClientSession, url: str) -> None:
        """Follow until the end, over as many connections as it takes."""
        while not self.ended:
            cut_after = (
                self._chance.randint(1, 200) if self._chance.random() < self._cut_share else None
            )
            try:
                await self._connect(session, url, cut_after)
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(0.2)

    async def _connect(
        self, session: aiohttp.ClientSession, url: str, cut_after: int | None
    ) -> None:
        self.connections += 1
        headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
        before, rest = len(self.numbers), b""
        async with session.get(url, headers=headers) as reply:
            if reply.status == 204:
                self.ended = True
                return
            reply.raise_for_status()
            while piece := await reply.content.readany():
                rest = self._take(rest + piece)
                if self.ended:
                    return
                if cut_after is not None and len(self.numbers) - before >= cut_after:
                    reply.close()
                    return

    def _take(self, data: bytes) -> bytes:
        now, end = time.time(), 0
        for match in _EVENT.finditer(data):
            event_id, kind, number, said = match.groups()
            self.last_id, end = event_id.decode(), match.end()
            self.joined.set()
            self.ended |= kind == b"end"
            if number is not None:
                self.numbers.append(int(number))
                self.delays.append(now - float(said))
        return data[end:]


async def main(arguments: argparse.Namespace) -> None:
    """Start servers, followers and the writer; print the result."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    with tempfile.TemporaryDirectory(prefix="sterna-followers-") as folder:
        home = Path(folder)
        _open_to_others(home)
        kafka, postgres = KafkaServer(home / "kafka"), PostgresServer(home / "postgresql")
        try:
            await kafka.start()
            await postgres.start()
            processes = ApiProcesses(kafka.bootstrap, postgres.url(), home)
            try:
                result = await measure(
                    await processes.start(), processes, kafka.bootstrap, arguments
                )
            finally:
                await processes.close()
        finally:
            await kafka.kill()
            await postgres.kill()
    print(msgspec.json.encode(result).decode())


def _open_to_others(home: Path) -> None:
    """Let PostgreSQL's own user in, where this runs as root."""
    home.chmod(0o755)


async def measure(
    server: ApiServer, processes: ApiProcesses, bootstrap: str, arguments: argparse.Namespace
) -> dict[str, object]:
    """Let followers follow a migration while its log grows."""
    client = server.client()
    migration_id = await client.migration()
    chance = random.Random(arguments.seed)
    fans = [Fan(chance, arguments.cut) for _ in range(arguments.followers)]
    url = f"{server.url}/v1/migrations/{migration_id}/logs?follow=true"
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
    async with (
        aiohttp.ClientSession(
            headers=client.headers, connector=connector, timeout=timeout
        ) as session,
        asyncio.timeout(arguments.seconds + END_SECONDS),
        asyncio.TaskGroup() as group,
    ):
        begun = time.monotonic()
        for fan in fans:
            group.create_task(fan.follow(session, url))
        await asyncio.gather(*(fan.joined.wait() for fan in fans))
        joined = time.monotonic() - begun
        cpu_before, idle_mib = _cpu_seconds(server), _resident_mib(server)
        prefix = processes.environment["STERNA_TOPIC_PREFIX"]
        lines = await _write(bootstrap, prefix, migration_id, arguments)
        cpu = _cpu_seconds(server) - cpu_before
        await client.post(f"/v1/migrations/{migration_id}/cancel", {"reason": "enough"})
    wrong = [fan for fan in fans if fan.numbers != list(range(lines))]
    delays = sorted(delay for fan in fans for delay in fan.delays[::7])
    return {
        "followers": len(fans),
        "lines": lines,
        "seconds_to_join": round(joined, 1),
        "connections": sum(fan.connections for fan in fans),
        "followers_with_gaps_or_repeats": len(wrong),
        "resident_mib_before_lines": idle_mib,
        "resident_mib_peak": _resident_mib(server, peak=True),
        "cpu_share_of_one_core": round(cpu / arguments.seconds, 2),
        "delay_p50_milliseconds": round(1000 * statistics.median(delays)),
        "delay_p99_milliseconds": round(1000 * delays[int(len(delays) * 0.99)]),
    }


async def _write(
    bootstrap: str, prefix: str, migration_id: str, arguments: argparse.Namespace
) -> int:
    """Write lines at a steady rate; gives how many."""
    topics = Topics(prefix=prefix)
    key = key_of(_ORG, migration_id)
    partition = partition_for(key, topics.telemetry_partitions)
    count, begun = int(arguments.rate * arguments.seconds), time.monotonic()
    async with KafkaSender(KafkaAccess(bootstrap)) as sender:
        for number in range(count):
            await asyncio.sleep(max(0.0, begun + number / arguments.rate - time.monotonic()))
            line = LogLine(
                org_id=_ORG,
                migration_id=migration_id,
                timestamp=datetime.now(UTC),
                level="info",
                message=f"line {number} at {time.time():.3f}",
            )
            record = OutgoingRecord(key, msgspec.json.encode(line), ())
            await sender.send(topics.telemetry, partition, record)
    return count


def _resident_mib(server: ApiServer, *, peak: bool = False) -> int:
    assert server.process is not None
    text = Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")
    match = re.search(rf"{'VmHWM' if peak else 'VmRSS'}:\s+(\d+) kB", text)
    assert match is not None
    return int(match[1]) // 1024


def _cpu_seconds(server: ApiServer) -> float:
    assert server.process is not None
    fields = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="utf-8").split()
    return (int(fields[13]) + int(fields[14])) / 100


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--followers", type=int, default=2_000)
    parser.add_argument("--rate", type=float, default=10.0, help="lines per second")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--cut", type=float, default=0.2, help="share of connections cut off")
    parser.add_argument("--seed", type=int, default=1)
    asyncio.run(stoppable(main(parser.parse_args())))
