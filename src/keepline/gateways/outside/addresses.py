"""Which IP addresses lie outside: a public, unicast address of the internet, and no other.

Two guards, of which both must agree: Python's own view of IANA's registries of special-purpose
addresses, and the networks written out here. IPv6 turns the question round: only 2000::/3 is
allotted to the internet, so that what carries an IPv4 address inside (::ffff:0:0/96, 64:ff9b::/96)
is out already; what of 2000::/3 leads elsewhere is named.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address

INSIDE: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # behind a carrier's NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the metadata of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols of the IETF
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
INTERNET_6: Final = IPv6Network("2000::/3")
INSIDE_6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocols of the IETF, Teredo among them, which carries an IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries an IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)


def is_outside(address: Address) -> bool:
    """Whether a call may go to the address."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in INSIDE)
    return (
        address.is_global
        and address.scope_id is None
        and address in INTERNET_6
        and not any(address in network for network in INSIDE_6)
    )
