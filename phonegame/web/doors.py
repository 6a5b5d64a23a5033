"""Which page is whose. A page that is not listed here is the operator's, whoever adds it."""

from __future__ import annotations

from typing import Protocol

import trio
from quart import Response, request
from quart_trio import QuartTrio

from phonegame.access import Access, Refusal, given_key
from phonegame.limits import ConnectionLimits, KeyGuesses
from phonegame.limits.keys import RETRY_SECONDS
from phonegame.visit import Visit
from phonegame.web.assets import PREFIX
from phonegame.web.front_door import address_of, log_refusal

OPEN = frozenset({"/healthz", "/readyz", "/asyncapi.json", "/openapi.json", "/game", "/twilio"})
"""What they say is the same for everybody. The last two are websockets, with checks of their own (front_door.py)."""

SIGNED = frozenset({"/twiml", "/twiml/after", "/twilio/status", "/twilio/amd"})
"""Twilio's. The signature is over the form as well: webhooks.py checks it."""

GAME_PAGES = frozenset({"/demo"})
"""Games in a browser: what they may do is asked of them at `/game`."""

OPERATOR_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
}
"""`same-origin`: with `no-referrer` a browser would send its forms with the origin `null`."""


TOO_MANY_KEYS = Refusal(
    429,
    "Too many wrong keys have come from this address. Try again later.",
    "too many wrong keys from this address",
    (("Retry-After", str(RETRY_SECONDS)),),
)


class House(Protocol):
    """What is behind the doors."""

    @property
    def access(self) -> Access: ...

    @property
    def connections(self) -> ConnectionLimits: ...

    @property
    def key_guesses(self) -> KeyGuesses: ...


def is_open(path: str) -> bool:
    """Whether nobody is asked for a key there."""
    return path in OPEN or path in GAME_PAGES or path.startswith(PREFIX)


def refused(refusal: Refusal, limits: ConnectionLimits) -> Response:
    """What answers the present request."""
    log_refusal(limits, Visit(request.scope), refusal.why)
    answer = Response(f"{refusal.text}\n", refusal.status, content_type="text/plain; charset=utf-8")
    for name, value in refusal.headers:
        answer.headers.add(name, value)
    return answer


def guard(app: QuartTrio, house: House) -> None:
    @app.before_request
    async def ask_for_key() -> Response | None:
        if is_open(request.path) or request.path in SIGNED:
            return None
        refusal = _refuse_visitor(house, Visit(request.scope))
        return refused(refusal, house.connections) if refusal else None

    @app.after_request
    async def harden(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        if not is_open(request.path) and request.path not in SIGNED:
            response.headers.update(OPERATOR_HEADERS)
        return response


def _refuse_visitor(house: House, visit: Visit) -> Refusal | None:
    """Without a wait in between: what comes at the same time is counted one by one."""
    address, now = address_of(house.connections, visit), trio.current_time()
    if given_key(visit) and not house.key_guesses.allow_try(address, now):
        return TOO_MANY_KEYS
    refusal = house.access.refuse_visitor(visit)
    if refusal and refusal.is_guess:
        house.key_guesses.count_wrong(address, now)
    return refusal
