"""Which page is whose. A page that is not listed here is the operator's, whoever adds it."""

from __future__ import annotations

from quart import Response, request
from quart_trio import QuartTrio

from phonegame.access import Access, Refusal
from phonegame.visit import Visit
from phonegame.web.front_door import log_refusal

OPEN = frozenset({"/healthz", "/readyz", "/asyncapi.json", "/openapi.json", "/game", "/twilio"})
"""What they say is the same for everybody. The last two are websockets, with checks of their own (front_door.py)."""

SIGNED = frozenset({"/twiml", "/twiml/after", "/twilio/status", "/twilio/amd"})
"""Twilio's. The signature is over the form as well: webhooks.py checks it."""

OPERATOR_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
}
"""`same-origin`: with `no-referrer` a browser would send its forms with the origin `null`."""


def refused(refusal: Refusal) -> Response:
    log_refusal(refusal, request.path)
    answer = Response(f"{refusal.text}\n", refusal.status, content_type="text/plain; charset=utf-8")
    for name, value in refusal.headers:
        answer.headers.add(name, value)
    return answer


def guard(app: QuartTrio, access: Access) -> None:
    @app.before_request
    async def ask_for_key() -> Response | None:
        if request.path in OPEN or request.path in SIGNED:
            return None
        refusal = access.refuse_visitor(Visit(request.scope))
        return refused(refusal) if refusal else None

    @app.after_request
    async def harden(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        if request.path not in OPEN | SIGNED:
            response.headers.update(OPERATOR_HEADERS)
        return response
