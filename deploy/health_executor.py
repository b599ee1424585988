# ruff: file-ignore[implicit-namespace-package]  # a script that is copied as it is, not a package
"""An executor's health check: it holds a connection to Kafka. Exit code 0 or 1.

An executor listens nowhere, so it is judged by what it keeps open: one that has lost Kafka and
cannot get it back is not healthy.
"""

import os
import sys
from pathlib import Path

_ESTABLISHED = "01"
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


def ports_connected(table: str) -> set[int]:
    """Read the remote ports of established connections from a table of the kernel."""
    ports = set()
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 3 and fields[3] == _ESTABLISHED:
            ports.add(int(fields[2].rpartition(":")[2], 16))
    return ports


def kafka_ports(bootstrap: str) -> set[int]:
    """Read the ports of `host:port,host:port`."""
    return {int(each.rpartition(":")[2]) for each in bootstrap.split(",") if ":" in each}


def main() -> int:
    """Look at the connections of this container."""
    wanted = kafka_ports(os.environ.get("STERNA_KAFKA_BOOTSTRAP", ""))
    connected: set[int] = set()
    for table in map(Path, _TABLES):
        if table.exists():
            connected |= ports_connected(table.read_text(encoding="ascii"))
    return 0 if wanted & connected else 1


if __name__ == "__main__":
    sys.exit(main())
