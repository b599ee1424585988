from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from sterna_api.http.client_address import ClientAddresses, is_within, parse_proxies
from sterna_core.errors import Misconfigured


def _request(peer: str, *forwarded: str) -> Any:
    headers = CIMultiDict([("X-Forwarded-For", each) for each in forwarded])
    return make_mocked_request("GET", "/", headers=headers).clone(remote=peer)


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "client"),
    [
        ((), "203.0.113.9", (), "203.0.113.9"),
        ((), "203.0.113.9", ("198.51.100.1",), "203.0.113.9"),
        (("10.0.0.0/8",), "10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        (("10.0.0.0/8",), "10.0.0.1", ("1.1.1.1, 198.51.100.1",), "198.51.100.1"),
        (("10.0.0.0/8",), "10.0.0.1", ("198.51.100.1, 10.0.0.2",), "198.51.100.1"),
        (("10.0.0.0/8",), "10.0.0.1", ("1.1.1.1", "198.51.100.1"), "198.51.100.1"),
        (("10.0.0.0/8",), "203.0.113.9", ("10.0.0.5",), "203.0.113.9"),
        (("10.0.0.0/8",), "10.0.0.1", ("nonsense",), "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", (), "10.0.0.1"),
        (("10.0.0.0/8",), "::ffff:10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        (("fd00::/8",), "fd00::1", ("2001:db8::7",), "2001:db8::7"),
    ],
)
def test_only_a_trusted_proxy_says_who_is_behind_it(
    proxies: tuple[str, ...], peer: str, forwarded: tuple[str, ...], client: str
):
    addresses = ClientAddresses(parse_proxies(proxies))
    assert addresses.of(_request(peer, *forwarded)) == client


@pytest.mark.parametrize(
    ("address", "networks", "inside"),
    [
        ("10.1.2.3", ("10.0.0.0/8",), True),
        ("::ffff:10.1.2.3", ("10.0.0.0/8",), True),
        ("11.1.2.3", ("10.0.0.0/8", "192.0.2.1"), False),
        ("192.0.2.1", ("10.0.0.0/8", "192.0.2.1"), True),
        ("2001:db8::1", ("2001:db8::/32",), True),
        (None, ("0.0.0.0/0",), False),
        ("unix", ("0.0.0.0/0",), False),
    ],
)
def test_an_address_is_within_networks(
    address: str | None, networks: tuple[str, ...], inside: bool
):
    assert is_within(address, networks) == inside


def test_proxies_that_are_no_networks_are_refused_by_the_settings_name():
    with pytest.raises(Misconfigured, match="STERNA_HTTP_TRUSTED_PROXIES"):
        parse_proxies(["10.0.0.0/99"])
