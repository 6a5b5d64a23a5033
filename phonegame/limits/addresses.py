"""By which address a visitor is counted."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

THIS_MACHINE = ""
_LOOPBACK = "127.0.0.1"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """`10.0.0.0/8`, `127.0.0.1`. Raises ValueError."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def client_address(client: str | None, forwarded_for: Iterable[str], proxies: Iterable[Network]) -> Address | None:
    """`client` is the socket's peer, None for a Unix socket, whose peer is on this machine; None: no address at all.

    Each proxy appends the address that it was connected from to `X-Forwarded-For`, so the list is believed from its
    end, for as long as it names proxies of ours: what stands further in front may have been made up by the visitor.
    """
    networks = tuple(proxies)
    address = _parse(client or _LOOPBACK)
    hops = [hop for value in forwarded_for for hop in value.split(",")]
    while address is not None and hops and any(address in network for network in networks):
        hop = _parse(hops.pop())
        if hop is None:
            return address
        address = hop
    return address


def counted_as(address: Address | None) -> str:
    """One name for what one visitor can take any address of: in IPv6 everybody has a whole /64."""
    if address is None or address.is_loopback:
        return THIS_MACHINE
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)


def _parse(text: str) -> Address | None:
    """An address as it stands in headers: with a port or not, in brackets or not."""
    bare = text.strip().strip('"')
    if match := re.fullmatch(r"\[([^\]]*)\](?::\d+)?", bare) or re.fullmatch(r"([\d.]+):\d+", bare):
        bare = match[1]
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
