"""What the pages are made of: style, scripts, and the JavaScript client, read from beside this file. For anybody."""

from __future__ import annotations

from pathlib import Path

import trio
from quart import Blueprint, Response, abort, request

import phonegame

PREFIX = "/static/"

_HERE = Path(__file__).parent
_FOLDERS = {"": _HERE / "static", "client/": Path(phonegame.__file__).parent / "clients" / "javascript"}
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".toml": "text/plain; charset=utf-8",
}


def asset_files() -> dict[str, Path]:
    """Behind `PREFIX`: "style.css", "client/phonegame.js", ... Nothing else is served, whatever is asked for."""
    return {
        f"{prefix}{path.relative_to(folder).as_posix()}": path
        for prefix, folder in _FOLDERS.items()
        for path in sorted(folder.rglob("*"))
        if path.suffix in _TYPES and path.is_file()
    }


def asset_pages() -> Blueprint:
    pages = Blueprint("assets", __name__)
    files = asset_files()

    @pages.get(f"{PREFIX}<path:name>")
    async def asset(name: str) -> Response:
        path = files.get(name)
        if path is None:
            abort(404)
        response = Response(await trio.Path(path).read_bytes(), content_type=_TYPES[path.suffix])
        # asked for each time, and sent again where it has changed
        response.headers["Cache-Control"] = "no-cache"
        await response.add_etag()
        return await response.make_conditional(request)

    return pages
