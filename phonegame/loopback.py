"""What is on this machine, and what is outside."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str | None) -> bool:
    """A host name or an address, as `urlsplit(...).hostname` gives it."""
    if not host:
        return False
    bare = host.strip("[]").lower().rstrip(".")
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
