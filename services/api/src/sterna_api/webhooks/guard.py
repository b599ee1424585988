"""Keeps webhooks from reaching what is not the public internet.

The address that is really dialled is judged, so neither an odd spelling of a number nor a name
that resolves to something else the second time gets around it.
"""

import socket
from collections.abc import Callable, Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any

from sterna_core.errors import Misconfigured

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# What ipaddress calls global although it leads, or can lead, to a network of one's own.
_DENIED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "192.88.99.0/24",  # the anycast relays of 6to4
        "::/96",  # IPv4-compatible
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64 of one's own
        "100::/64",
        "100:0:0:1::/64",
        "2001::/23",  # Teredo and other protocol assignments
        "2002::/16",  # 6to4
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",  # site-local
        "ff00::/8",
    )
)

AddressInfo = tuple[Any, ...]
SocketFactory = Callable[[AddressInfo], socket.socket]


class AddressRefused(OSError):
    """A webhook leads to an address that is not allowed; nothing was sent."""


class AddressGuard:
    """Judges addresses: public ones, and those of the networks that an operator has allowed."""

    def __init__(self, allowed: Iterable[Network] = ()) -> None:
        self._allowed = tuple(allowed)

    def permits(self, text: str) -> bool:
        """Tell whether an address, written as a number, may be dialled."""
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(address in network for network in self._allowed):
            return True
        return (
            address.is_global
            and not address.is_multicast
            and not any(address in network for network in _DENIED)
        )

    def socket_for(self, info: AddressInfo) -> socket.socket:
        """Make the socket that dials an address; raises AddressRefused.

        aiohttp calls this for each address just before it connects, with what the name was
        resolved to.
        """
        family, kind, protocol, _, address = info
        if not self.permits(str(address[0])):
            raise AddressRefused("The address is not allowed.")
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read networks such as `10.0.0.0/8`; raises Misconfigured."""
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError:
        raise Misconfigured(
            "STERNA_WEBHOOK_ALLOWED_NETWORKS is a list such as 10.0.0.0/8,fd00::/8"
        ) from None
