"""Whom an address counts for: what one caller can choose its address from."""

import pytest

from app.auth.ratelimits import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.9", "192.0.2.9"),
        ("::ffff:192.0.2.9", "192.0.2.9"),
        ("2001:db8:7:1:a:b:c:d", "2001:db8:7:1::/64"),
        ("2001:DB8:7:1::", "2001:db8:7:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("unknown", "unknown"),
        ("", ""),
        ("x" * 8000, "x" * 64),
    ],
)
def test_an_ipv6_address_counts_with_its_network_and_ipv4_by_itself(address, network):
    assert network_of(address) == network
