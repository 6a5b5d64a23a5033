"""A request or a handshake as it came: what decides whether it is let in. No framework, no I/O."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from phonegame.loopback import is_loopback

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HIDDEN = b"key=hidden"

_PORTS = {"http": 80, "https": 443}
_HTTP_SCHEMES = {"ws": "http", "wss": "https"}
_KEY = re.compile(rb"(?<![^&;])key=[^&;]*", re.IGNORECASE)


class Visit:
    """`scope`: ASGI's, of a request or of a websocket."""

    def __init__(self, scope: Any) -> None:
        self._scope = scope
        raw_path = scope.get("raw_path") or scope["path"].encode()
        self.path = raw_path.decode("latin-1")
        """As it came, percent-encoded."""
        self.query: str = scope.get("query_string", b"").decode("latin-1")
        """As it came. May hold a key."""

    def header(self, name: str) -> str | None:
        """The first of that name; `name` in small letters."""
        return next(iter(self.headers(name)), None)

    def headers(self, name: str) -> list[str]:
        """All of that name, in order."""
        wanted = name.encode()
        return [value.decode("latin-1") for key, value in self._scope["headers"] if key.lower() == wanted]

    @property
    def client(self) -> str | None:
        """The address at the other end of the connection, a proxy's perhaps; None where there is none."""
        client = self._scope.get("client")
        return client[0] if client else None

    @property
    def bearer(self) -> str | None:
        scheme, _, token = (self.header("authorization") or "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None

    def query_value(self, name: str) -> str | None:
        try:
            return next((value for key, value in parse_qsl(self.query) if key == name), None)
        except ValueError:
            return None

    @property
    def is_safe(self) -> bool:
        """Whether it only looks. A websocket counts as a GET."""
        return self._scope.get("method", "GET") in SAFE_METHODS

    @property
    def host(self) -> str:
        """With the port, where it is not the usual one. "" where none is given, or none that could be one."""
        host = self.header("host") or ""
        return host if re.fullmatch(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", host) else ""

    @property
    def url(self) -> str:
        """The server's address as this visitor has it, without a path; with a proxy in between it may be another."""
        scheme = self._scope.get("scheme", "http")
        return f"{_HTTP_SCHEMES.get(scheme, scheme)}://{self.host}"

    @property
    def is_from_outside(self) -> bool:
        """Not from this machine, or by way of a proxy or tunnel that has it from elsewhere.

        A name that is not this machine's counts too, even where it leads here: web pages can arrange that.
        """
        ends = [end[0] for name in ("server", "client") if (end := self._scope.get(name))]
        if any(not is_loopback(end) for end in ends if not end.startswith("unix:")):
            return True
        if (host := self.header("host")) and not is_loopback(_hostname(f"http://{host}")):
            return True
        return self._came_through_a_proxy_from_elsewhere()

    def _came_through_a_proxy_from_elsewhere(self) -> bool:
        """A proxy may add a line of its own behind one that the visitor has made up: all of them count."""
        hosts = [f"http://{host.strip()}" for value in self.headers("x-forwarded-host") for host in value.split(",")]
        addresses = [
            address.strip()
            for name in ("x-forwarded-for", "x-real-ip")
            for value in self.headers(name)
            for address in value.split(",")
        ]
        is_local = all(is_loopback(_hostname(host)) for host in hosts) and all(map(is_loopback, addresses))
        return not is_local or any(self.headers(name) for name in ("forwarded", "via"))

    def is_own_page(self, origin: str, public_url: str) -> bool:
        """Whether a page from there is this server's own: of the same host and port.

        A proxy may hide from us by which scheme it is reached: for its name, that is the one of `public_url`.
        """
        is_public = _hostname(f"http://{self.host}") == _hostname(public_url)
        scheme, _, _ = (public_url if is_public else origin).partition("://")
        own = {_place(f"{scheme}://{self.host}"), _place(public_url)} - {None}
        return _place(origin) in own

    def is_of_host(self, origin: str, public_url: str) -> bool:
        """Whether a page from there is this server's own: of the same host, on any port."""
        host = _hostname(origin)
        own = {_hostname(f"http://{self.host}"), _hostname(public_url)} - {None}
        if host is None or host in own:
            return host is not None
        # a page served from this machine for a game that is being made: 127.0.0.1 and localhost are the same
        return is_loopback(host) and not self.is_from_outside


def hide_key(scope: Any) -> None:
    """Takes `?key=` out of what a server's access log shows of the request."""
    query = scope.get("query_string", b"")
    if b"%" in query and b"key=" in unquote_to_bytes(query).lower():
        # "key" itself may be percent-encoded
        scope["query_string"] = HIDDEN
    elif b"key=" in query.lower():
        scope["query_string"] = _KEY.sub(HIDDEN, query)


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _place(url: str) -> tuple[str, int] | None:
    """Host and port."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and port else None
