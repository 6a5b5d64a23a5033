"""How many websockets one address may have open, and how often it may try.

Calls all come from the few addresses of Twilio's, or of a proxy in front, and must not be limited as strangers are.
What tells them apart is not their signature alone: that of a handshake says nothing but the address of `/twilio`, and
whoever has seen one may send it again. So there are two steps, each of which leaves less to be had for nothing.

1. A signed handshake is counted at a door of its own: strangers cannot use up what calls need, not even from behind
   the same proxy. Who repeats a signature has no more than any stranger: so many sockets, so many attempts.
2. A media stream that has shown its one-use token is a call, which Twilio has announced and somebody pays for. It is
   counted no more, and its attempt is given back (`Place.give_back`). A stream that shows none ends within seconds.

So the limits hold only those handshakes that have not shown a token yet: of a real call, for some milliseconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
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


class Place:
    """Of one websocket. True where it was admitted."""

    def __init__(self, admission: Admission, leave: Callable[[float | None], None]) -> None:
        """`leave`: is called once, with the time at which the websocket was found to be a call, if it was."""
        self.admission = admission
        self._leave = leave
        self._is_counted = bool(admission)

    def __bool__(self) -> bool:
        return bool(self.admission)

    def give_back(self, now: float | None) -> None:
        """Neither the websocket is counted any more, nor its attempt. None: it is closed, and the attempt stands."""
        if self._is_counted:
            self._is_counted = False
            self._leave(now)


class ConnectionLimits:
    """`trusted_proxies` are addresses or networks; raises ValueError where one is none.

    Programs of this machine have no limit, so neither have visitors through a tunnel that ends here, unless its address
    is a trusted proxy, as the settings have it: then they are known by their own.
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
    def socket(self, address: str, now: float, door: str = "") -> Iterator[Place]:
        """Around a websocket's life, that of a refused one too, which is not counted among the open ones.

        Each `door` has limits of its own.
        """
        name = f"{door} {address}"

        def leave(given_back_at: float | None) -> None:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]
            if given_back_at is not None:
                self._attempts.give_back(name, given_back_at)

        place = Place(self._admit(address, name, now), leave)
        if place:
            self._open[name] += 1
        try:
            yield place
        finally:
            place.give_back(None)

    def worth_a_line(self, address: str, why: str, now: float) -> bool:
        """Whether to log that this address was refused for this reason: once a minute, or a flood would fill the disk.

        This machine's, too: a proxy that does not tell for whom it asks brings the flood of others. `why`: constant.
        """
        return self._lines.take(f"{why} {address}", now)

    def _admit(self, address: str, name: str, now: float) -> Admission:
        if address == THIS_MACHINE and self._loopback_exempt:
            return Admission.ADMITTED
        if not self._attempts.take(name, now):
            return Admission.TOO_MANY_ATTEMPTS
        return Admission.ADMITTED if self._open[name] < self._most else Admission.TOO_MANY_SOCKETS
