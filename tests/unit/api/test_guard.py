import pytest

from sterna_api.webhooks.guard import AddressGuard, parse_networks
from sterna_core.errors import Misconfigured

_INNER = ("169.254.169.254", "10.0.0.1", "127.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1")


def _embedded(inner: str) -> list[str]:
    a, b, c, d = (int(part) for part in inner.split("."))
    low = f"{a:02x}{b:02x}:{c:02x}{d:02x}"
    return [
        inner,
        f"::ffff:{inner}",
        f"::ffff:{low}",
        f"::{low}",
        f"64:ff9b::{low}",
        f"64:ff9b:1::{low}",
        f"2002:{low}::1",
        f"2001:0:{low}::1",
    ]


@pytest.mark.parametrize("address", [form for inner in _INNER for form in _embedded(inner)])
def test_no_form_of_an_inner_address_may_be_dialled(address: str):
    assert not AddressGuard().permits(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "192.88.99.1",
        "198.18.0.1",
        "192.0.2.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "100::1",
        "100:0:0:1::1",
        "5f00::1",
        "3fff::1",
        "",
        "localhost",
        "0x7f.1",
        "2130706433",
        "127.1",
    ],
)
def test_what_is_not_public_may_not_be_dialled(address: str):
    assert not AddressGuard().permits(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111"])
def test_public_addresses_may_be_dialled(address: str):
    assert AddressGuard().permits(address)


def test_an_allowed_network_may_be_dialled_in_every_spelling_and_nothing_beside_it():
    guard = AddressGuard(parse_networks(["10.1.0.0/16", "fd00::/8"]))
    assert guard.permits("10.1.2.3")
    assert guard.permits("::ffff:10.1.2.3")
    assert guard.permits("fd00::5")
    assert not guard.permits("10.2.0.1")
    assert not guard.permits("64:ff9b::0a01:0203")


def test_networks_that_are_none_are_refused():
    with pytest.raises(Misconfigured, match="STERNA_WEBHOOK_ALLOWED_NETWORKS"):
        parse_networks(["10.0.0.0/8", "everything"])
