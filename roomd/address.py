"""Which address a request comes from, for counting. A caller can write anything into X-Forwarded-For; only what our
own proxies added at its end is true.
"""

import ipaddress
import re
import socket
from functools import lru_cache

#: One person's IPv6 network has at least this many bits fixed; counting single addresses would count nothing.
_IPV6_NETWORK = 64
#: `192.0.2.1:4711` and `[2001:db8::1]:4711`, as some proxies write it.
_WITH_PORT = re.compile(r"^(?:([0-9.]+)|\[([0-9a-fA-F:.]+)\])(?::[0-9]{1,5})?$")
#: Hosts to listen on that mean every address of the machine.
EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - only compared


def client_address(peer: str, forwarded: str, hops: int) -> str:
    """`peer` is who is connected, `forwarded` the X-Forwarded-For header, `hops` how many proxies are ours."""
    return _counted(said_by_proxy(forwarded, hops)) or _counted(peer) or peer


def said_by_proxy(said: str, hops: int) -> str:
    """What the outermost of our proxies added to a header that is a list; "" where nobody of ours did.

    Everything to its left was there when the request came, so anybody may have written it.
    """
    listed = said.split(",") if hops > 0 else []
    return listed[-hops].strip() if 0 < hops <= len(listed) else ""


@lru_cache(maxsize=1_024)
def _counted(chosen: str) -> str | None:
    """The address, or the network of it, that is counted; None for what is no address. Finding out takes 15 µs."""
    try:
        address = ipaddress.ip_address((_WITH_PORT.sub(r"\1\2", chosen)).partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False).network_address)


def is_near(peer: str) -> bool:
    """Whether an address is of this machine or its own network."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_private


def lan_address() -> str | None:
    """This machine's address on its network: the one it would send from. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            address = str(probe.getsockname()[0])
        except OSError:
            return None
    return None if address.startswith("127.") else address
