"""Whose browser phone it may be: pages of the carrier's own origin, opened by an address that nobody else can take.

A page from anywhere may open a websocket to this machine, and any name may be made to lead here ("DNS rebinding").
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from phonegame.loopback import is_loopback


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    text: str


def refuse_page(headers: Mapping[str, str], own_host: str) -> Refusal | None:
    """Of a websocket's request. `own_host`: where the carrier listens."""
    host, origin = headers.get("host", ""), headers.get("origin", "")
    if refusal := refuse_host(host, own_host):
        return refusal
    if not origin or urlsplit(origin).netloc.lower() != host.lower():
        return Refusal(403, "Only the carrier's own page may be this phone.")
    return None


def refuse_host(host: str, own_host: str) -> Refusal | None:
    name = _name(host)
    if is_loopback(name) or _is_address(name) or name == own_host.lower():
        return None
    return Refusal(403, "Open this page by the address that the carrier prints.")


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
