"""`GET /phone` and the files beside it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

from phonegame.local.http_server import Exchange, HttpRequest
from phonegame.local.twilio_api.browser_phone.visitors import Refusal, refuse_host
from phonegame.web.assets import asset_files

PAGE = "/phone"
_INDEX = "phone.html"
_STYLE = "style.css"
_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
# The game's page, which has the phone in a frame, is the server's, on another port. CSP has no way to write [::1]:*.
_FRAMES = "'self' http://127.0.0.1:* http://localhost:* https://127.0.0.1:* https://localhost:*"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    f"base-uri 'none'; form-action 'none'; frame-ancestors {_FRAMES}"
)
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    content_type: str


def is_page(request: HttpRequest) -> bool:
    return request.path == PAGE or request.path.startswith(f"{PAGE}/")


async def send_page(request: HttpRequest, exchange: Exchange, own_host: str) -> None:
    refusal = refuse_host(request.headers.get("host", ""), own_host)
    if request.method not in ("GET", "HEAD"):
        refusal = Refusal(405, "These pages are read with GET.")
    file = _files().get(request.path.removeprefix(PAGE).removeprefix("/") or _INDEX)
    if refusal is None and file is None:
        refusal = Refusal(404, f"There is no such page; the phone is at {PAGE}.")
    if refusal is not None or file is None:
        assert refusal is not None
        headers = {**_HEADERS, "Content-Type": "text/plain; charset=utf-8"}
        await exchange.send_bytes(refusal.status, refusal.text.encode(), headers)
        return
    await exchange.send_bytes(200, file.content, {**_HEADERS, "Content-Type": file.content_type})


@cache
def _files() -> dict[str, _File]:
    """The phone's own, and the style of all pages, which is the server's."""
    folder = resources.files(__package__) / "page"
    files = {
        entry.name: _File(entry.read_bytes(), _TYPES[suffix])
        for entry in folder.iterdir()
        if (suffix := entry.name.rpartition(".")[2]) in _TYPES
    }
    return {_STYLE: _File(asset_files()[_STYLE].read_bytes(), _TYPES["css"]), **files}
