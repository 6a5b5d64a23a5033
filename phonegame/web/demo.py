"""The game in the browser: `/demo`. Whose page it is, is decided in doors.py; who may play, at `/game` itself."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from quart import Blueprint, Response, render_template, request

from phonegame.loopback import is_loopback
from phonegame.settings import Settings
from phonegame.visit import Visit

BROWSER_PHONES = tuple(f"+120155501{last}" for last in range(60, 90))
"""Of those that the local carrier has for phones in a browser. To pages that ask for none it gives the first ones."""

OFF = (
    "The demo is off, since this server can be reached from outside its machine, and each of its calls may cost money. "
    "Its operator turns it on with PHONEGAME_DEMO=on."
)
OFF_BY_SETTING = "The demo is off: PHONEGAME_DEMO says so."


def demo_pages(settings: Settings, why_no_calls: str) -> Blueprint:
    """`why_no_calls`: what keeps calls from being placed; "" where nothing does."""
    pages = Blueprint("demo", __name__, template_folder="templates")

    @pages.get("/demo")
    async def demo() -> Response:
        visit = Visit(request.scope)
        if why_off := _why_off(settings, visit):
            return Response(f"{why_off}\n", 404, content_type="text/plain; charset=utf-8")
        carrier = _carrier(settings, visit)
        number = settings.twilio_phone_number
        text = await render_template(
            "demo.html",
            number=number,
            asks_for_key=bool(settings.game_keys),
            can_ring=not why_no_calls,
            ring_hint="That is the phone beside the game." if carrier else "Your number, with its country.",
            phone_url=f"{carrier}/phone?{urlencode({'number': number})}" if carrier else "",
            phone_numbers=" ".join(BROWSER_PHONES),
        )
        response = Response(text, content_type="text/html; charset=utf-8")
        response.headers.update(_headers(visit, carrier))
        return response

    return pages


def _why_off(settings: Settings, visit: Visit) -> str:
    """What keeps it from being shown; "" where nothing does."""
    match settings.demo:
        case "on":
            return ""
        case "off":
            return OFF_BY_SETTING
        case "auto":
            return OFF if settings.is_exposed or visit.is_from_outside else ""


def _carrier(settings: Settings, visit: Visit) -> str:
    """The address of the stand-in for Twilio, which has a phone to look at; "" where the real one rings real phones."""
    parts = urlsplit(settings.twilio_api_url)
    if not is_loopback(parts.hostname) or visit.is_from_outside:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _headers(visit: Visit, carrier: str) -> dict[str, str]:
    # Safari before 15.4 does not take 'self' for websockets
    socket = f" {visit.url.replace('http', 'ws', 1)}" if visit.host else ""
    framed = carrier or "'none'"
    policy = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        f"connect-src 'self'{socket}",
        f"frame-src {framed}",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "no-referrer",
    }
