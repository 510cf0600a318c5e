"""Which addresses a server may be sent to by its users: public ones, and those that the operator lists.

`ipaddress.is_global` alone does not do: it is True for multicast, for fec0::/10 and for IPv6 forms that carry an IPv4
address inside, such as 64:ff9b::7f00:1, which is 127.0.0.1 behind a NAT64 gateway.
"""

import ipaddress
from collections.abc import Sequence

from msgspec import Struct

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_DENIED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
        "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip


class AllowList(Struct, frozen=True):
    """What the operator permits although it is private. A listed host may use any port."""

    names: frozenset[str]
    networks: tuple[Network, ...]

    def has_name(self, host: str) -> bool:
        return host.lower().rstrip(".") in self.names

    def has_address(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self.networks)


def allow_list(entries: Sequence[str]) -> AllowList:
    """Hosts, addresses and networks. Raises ValueError for what looks like a network and is none."""
    names: set[str] = set()
    networks: list[Network] = []
    for entry in entries:
        try:
            networks.append(ipaddress.ip_network(entry.strip("[]"), strict=False))
        except ValueError:
            if "/" in entry or ":" in entry:
                raise ValueError(f"{entry!r} is no host, address or network (a port is not given here)") from None
            names.add(entry.lower().rstrip("."))
    return AllowList(frozenset(names), tuple(networks))


def parse(text: str) -> Address:
    """An address as the resolver writes it; ::ffff:1.2.3.4 is 1.2.3.4."""
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_public(address: Address) -> bool:
    denied = any(address.version == network.version and address in network for network in _DENIED)
    return address.is_global and not address.is_multicast and not denied
