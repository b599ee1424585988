from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web

from sterna_core.errors import Misconfigured

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_FORWARDED = "X-Forwarded-For"
_HOPS_MAX = 20


class ClientAddresses:
    """Tells where requests come from.

    A proxy's word is taken for the one before it only where the proxy itself is trusted, so
    nobody can claim an address: what a client has written stands further to the left.
    """

    def __init__(self, trusted_proxies: Iterable[Network] = ()) -> None:
        self._trusted = tuple(trusted_proxies)

    def of(self, request: web.Request) -> str | None:
        """Give the address of a request's client; None where there is none, as on a socket."""
        address = parse_address(request.remote or "")
        hops = ",".join(request.headers.getall(_FORWARDED, [])).split(",")[-_HOPS_MAX:]
        for hop in reversed(hops):
            if address is None or not any(address in network for network in self._trusted):
                break
            before = parse_address(hop.strip())
            if before is None:
                break
            address = before
        return str(address) if address is not None else None


def parse_address(text: str) -> Address | None:
    """Read an address; one of IPv4 that is written as IPv6 is what it stands for."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def parse_network(text: str) -> Network | None:
    """Read an address or a network such as `10.0.0.0/8`."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def parse_proxies(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read the networks of trusted proxies; raises Misconfigured."""
    networks = tuple(parse_network(text) for text in texts)
    if None in networks:
        raise Misconfigured("STERNA_HTTP_TRUSTED_PROXIES is a list such as 10.0.0.0/8,fd00::/8")
    return tuple(each for each in networks if each is not None)


def is_within(address: str | None, networks: Iterable[str]) -> bool:
    """Tell whether an address lies in one of the networks."""
    parsed = parse_address(address or "")
    if parsed is None:
        return False
    return any(
        network is not None and parsed in network for network in map(parse_network, networks)
    )
