"""A process that owns partitions: bootstrap, topics' prefix, partitions, instance id, session s."""

import asyncio
import signal
import sys

from sterna_api.decider.membership import GroupMembership
from sterna_api.decider.ports import DeciderPorts
from sterna_api.decider.service import Decider
from sterna_api.decider.settings import DeciderSettings
from sterna_core.clock import system_clock
from sterna_core.journal.codec import Codec
from sterna_core.journal.snapshot import InMemorySnapshots
from sterna_core.journal.tally import TALLY
from sterna_core.journal.topics import Topics
from sterna_core.kafka.access import KafkaAccess
from sterna_core.kafka.log import KafkaLog
from sterna_core.kafka.sender import KafkaSender


async def main(bootstrap: str, prefix: str, partitions: str, instance: str, session: str) -> None:
    access = KafkaAccess(bootstrap)
    topics = Topics(prefix=prefix, partitions=int(partitions), task_partitions=2)
    settings = DeciderSettings(
        group_id=f"{prefix}.deciders", instance_id=instance, session_timeout_seconds=float(session)
    )
    async with KafkaLog(access) as log, KafkaSender(access) as sender:
        ports = DeciderPorts(log, sender, InMemorySnapshots(), Codec([TALLY]), topics, system_clock)
        decider = Decider(ports, GroupMembership(access, topics.commands, settings), settings)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, decider.stop)
        await decider.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
