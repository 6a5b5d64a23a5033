"""How many websockets one address may have open, and how often it may try."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import Enum

from phonegame.limits.addresses import THIS_MACHINE, client_address, counted_as, parse_networks
from phonegame.limits.buckets import Buckets


class Admission(Enum):
    """True for `ADMITTED` only."""

    ADMITTED = "admitted"
    TOO_MANY_SOCKETS = "too many websockets open from this address"
    TOO_MANY_ATTEMPTS = "too many attempts from this address"

    def __bool__(self) -> bool:
        return self is Admission.ADMITTED


class ConnectionLimits:
    """`trusted_proxies` are addresses or networks; raises ValueError where one is none.

    Programs of this machine have no limit, so neither have visitors through a tunnel that ends here, unless its address
    is a trusted proxy: then they are known by their own.
    """

    def __init__(
        self,
        sockets_per_address: int = 100,
        connects_per_minute: int = 300,
        *,
        trusted_proxies: Iterable[str] = (),
        loopback_exempt: bool = True,
    ) -> None:
        self._most = sockets_per_address
        self._open: Counter[str] = Counter()
        self._attempts = Buckets(connects_per_minute, 60)
        self._lines = Buckets(1, 60)
        self._proxies = parse_networks(trusted_proxies)
        self._loopback_exempt = loopback_exempt

    def address_of(self, client: str | None, forwarded_for: Iterable[str] = ()) -> str:
        """What the other methods count by. `client` is the peer as ASGI names it, None for a Unix socket."""
        return counted_as(client_address(client, forwarded_for, self._proxies))

    @contextmanager
    def socket(self, address: str, now: float) -> Iterator[Admission]:
        """Around a websocket's life, that of a refused one too, which is not counted among the open ones."""
        admission = self._admit(address, now)
        if not admission:
            yield admission
            return
        self._open[address] += 1
        try:
            yield admission
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    def worth_a_line(self, address: str, now: float) -> bool:
        """Whether to log that this address was refused: once a minute, since a flood must not fill the disk."""
        return self._lines.take(address, now)

    def _admit(self, address: str, now: float) -> Admission:
        if address == THIS_MACHINE and self._loopback_exempt:
            return Admission.ADMITTED
        if not self._attempts.take(address, now):
            return Admission.TOO_MANY_ATTEMPTS
        return Admission.ADMITTED if self._open[address] < self._most else Admission.TOO_MANY_SOCKETS
