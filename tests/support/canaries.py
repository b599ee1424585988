"""Unique secrets, and the places where none of them may be found."""

import asyncio
import base64
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from sterna_cli.embedded import postgres_bin_dir

_LOOK_SECONDS = 0.01
_READ_SECONDS = 30.0


def canary(name: str) -> str:
    """Make a secret that is nowhere else; with signs that addresses have to be careful with."""
    return f"canary/{name}@{uuid4().hex}:%+x"


def forms(secret: str) -> dict[str, bytes]:
    """Give how a secret may be written: as it is, quoted, escaped, and within base64."""
    raw = secret.encode()
    found = {
        "as it is": raw,
        "quoted": quote(secret, safe="").encode(),
        "quoted but for slashes": quote(secret).encode(),
        "hexadecimal": raw.hex().encode(),
    }
    # Within a longer text in base64 it stands in one of three alignments.
    for shift in range(3):
        for name, encode in (
            ("base64", base64.b64encode),
            ("base64url", base64.urlsafe_b64encode),
        ):
            encoded = encode(b"\0" * shift + raw)
            skipped = (0, 2, 3)[shift]
            found[f"{name} at {shift}"] = encoded[skipped : len(encoded) // 4 * 4 - 4]
    # The middle of it alone: whatever cuts it at a sign, as parsers of addresses do.
    marks = secret.split("@")
    if len(marks) == 2:
        found["its middle"] = marks[1].split(":")[0].encode()
    return found


class Sightings:
    """What was seen of secrets, and in how much."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self._forms = {name: forms(secret) for name, secret in secrets.items()}
        self.found: list[str] = []
        self.searched: dict[str, int] = {}

    def search(self, place: str, content: bytes) -> None:
        """Look for every secret in every form."""
        self.searched[place] = self.searched.get(place, 0) + len(content)
        for name, written in self._forms.items():
            for form, needle in written.items():
                if needle in content:
                    self.found.append(f"{name} {form} in {place}")


async def kafka_contents(bootstrap: str, prefix: str) -> dict[str, bytes]:
    """Read every topic of an installation to its end: keys, headers and values."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if name.startswith(prefix)]
        described = await admin.describe_topics(names)
    finally:
        await admin.close()
    places = [
        TopicPartition(topic["topic"], each["partition"])
        for topic in described
        for each in topic["partitions"]
    ]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        contents: dict[str, list[bytes]] = {name: [] for name in names}
        async with asyncio.timeout(_READ_SECONDS):
            while any([await consumer.position(place) < ends[place] for place in places]):
                for place, records in (await consumer.getmany(timeout_ms=500)).items():
                    for record in records:
                        headers = [text for _, text in record.headers]
                        parts = (record.key or b"", record.value or b"", *headers)
                        contents[place.topic].extend(parts)
    finally:
        await consumer.stop()
    return {name: b"\n".join(parts) for name, parts in contents.items()}


async def database_contents(url: str) -> bytes:
    """Give all of a database as pg_dump writes it."""
    process = await asyncio.create_subprocess_exec(
        postgres_bin_dir() / "pg_dump", f"--dbname={url}", stdout=asyncio.subprocess.PIPE
    )
    text, _ = await process.communicate()
    assert process.returncode == 0
    return text


class Watch:
    """What other processes of this machine can read of some processes and their children."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self.seen: dict[str, bytes] = {}
        """Command lines and environments by the program's name."""

    def look(self) -> None:
        """Read what there is now."""
        for pid in self._family():
            try:
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
                environment = Path(f"/proc/{pid}/environ").read_bytes()
            except OSError:
                continue  # it has just ended
            program = Path(line.partition(b"\0")[0].decode(errors="replace")).name
            both = line + b"\n" + environment
            if both not in self.seen.get(program, b""):
                self.seen[program] = self.seen.get(program, b"") + both

    def _family(self) -> Iterator[int]:
        waiting = list(self._pids)
        while waiting:
            pid = waiting.pop()
            yield pid
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                try:
                    waiting.extend(int(child) for child in children.read_text().split())
                except OSError:
                    continue  # a thread that has just ended


@asynccontextmanager
async def watching(*pids: int) -> AsyncGenerator[Watch, None]:
    """Look at processes again and again until the block ends."""
    watch = Watch(*pids)

    async def look() -> None:
        while True:
            watch.look()
            await asyncio.sleep(_LOOK_SECONDS)

    looking = asyncio.create_task(look())
    try:
        yield watch
    finally:
        looking.cancel()
        await asyncio.wait([looking])
