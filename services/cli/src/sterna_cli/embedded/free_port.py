"""A free port on the loopback address, outside of the range used for outgoing connections."""

import secrets
import socket
from pathlib import Path

from sterna_core.errors import Transient

LOOPBACK = "127.0.0.1"
_LOWEST = 15_000
_HIGHEST = 65_535
_ENOUGH = 1_000
_RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_ATTEMPTS = 200


def free_port() -> int:
    """Find a port nobody listens on now. Raises Transient if none was found."""
    end = _end()
    for _ in range(_ATTEMPTS):
        port = _LOWEST + secrets.randbelow(end - _LOWEST)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise Transient("no free port was found on the loopback address")


def _end() -> int:
    # A port from the system's own range may be taken by any outgoing connection while the server
    # restarts; a client that keeps connecting to a closed one can even be connected to itself.
    try:
        lowest_outgoing = int(_RANGE_FILE.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        lowest_outgoing = _HIGHEST
    return lowest_outgoing if lowest_outgoing > _LOWEST + _ENOUGH else _HIGHEST
