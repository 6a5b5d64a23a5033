"""What goes wrong, in one line of text: no page of the framework's, no traceback, nothing of the request."""

from __future__ import annotations

import structlog
from quart import Response, request
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException

MAX_BODY_BYTES = 64 * 1024
"""Twilio's forms have 2 KiB."""
BODY_SECONDS = 10

_TEXTS = {
    400: "This request cannot be understood.",
    404: "There is nothing here.",
    408: "The request has not come in time.",
    413: f"The request is longer than {MAX_BODY_BYTES} bytes.",
}

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def tell_faults(app: QuartTrio) -> None:
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["BODY_TIMEOUT"] = BODY_SECONDS

    @app.errorhandler(HTTPException)
    async def tell(error: HTTPException) -> Response:
        status = error.code or 500
        answer = _text(_TEXTS.get(status, error.name + "."), status)
        if status == 405:
            methods = sorted(getattr(error, "valid_methods", None) or [])
            wanted = " or ".join(method for method in methods if method not in ("HEAD", "OPTIONS"))
            answer = _text(f"This address takes {wanted} only.", status)
            answer.headers["Allow"] = ", ".join(methods)
        return answer

    @app.errorhandler(Exception)
    async def confess(error: Exception) -> Response:
        log.error("error of ours; the request is answered with 500", path=request.path[:100], exc_info=error)
        return _text("Something has gone wrong in this server; its log tells what.", 500)


def _text(text: str, status: int) -> Response:
    return Response(f"{text}\n", status, content_type="text/plain; charset=utf-8")
