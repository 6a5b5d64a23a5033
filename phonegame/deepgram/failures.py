"""What a refused or broken connection to Deepgram means, in a sentence that names the setting and never the key.

Source: Deepgram's documentation, "Errors" and "STT troubleshooting" (WebSocket, NET and DATA errors).
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from phonegame.groups import leaves

_MEANING = {
    400: "does not take a parameter of DEEPGRAM_URL (model, encoding, ...): correct it",
    401: "refuses DEEPGRAM_API_KEY: check that it is complete and belongs to an existing project",
    402: "says that the account behind DEEPGRAM_API_KEY has no credit left: top it up in Deepgram's console",
    403: "does not let DEEPGRAM_API_KEY use what DEEPGRAM_URL asks for (the model, mostly): use another",
    404: "has nothing at the path of DEEPGRAM_URL: it should be /v1/listen, or /v2/listen for Flux",
    429: "has too many connections open for the project of DEEPGRAM_API_KEY: raise its limit, or take fewer calls",
}
_PASSING = frozenset({408, 425, 429})
BAD_QUERY = 400
"""`INVALID_QUERY_PARAMETER` and its like."""
_BAD_DATA = "DATA-0000"
"""What it is sent cannot be decoded. Other closes with the code 1008 are for how it was sent, such as too fast."""


class DeepgramFailure(Exception):
    """Deepgram could not be used. `passing` tells whether trying again may help.

    Where the upgrade was refused, `status` is its HTTP status, and `details` is what Deepgram says about it.
    """

    def __init__(self, message: str, *, passing: bool, status: int | None = None, details: str = "") -> None:
        super().__init__(message)
        self.passing = passing
        self.status = status
        self.details = details


def _quoted(text: str, most: int, key: str) -> str:
    """What the other side says, in so many characters, and without the key: it may have repeated what it was sent."""
    return (text.replace(key, "[the key]") if key else text)[:most]


def refusal(
    status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes | None, *, key: str = ""
) -> DeepgramFailure:
    """The upgrade was answered with `status`. Deepgram's own reason is in the header `dg-error` and in a JSON body."""
    by_name = {name.lower(): value for name, value in headers}
    reason = by_name.get(b"dg-error", b"").decode("latin-1") or _body_reason(body)
    request_id = by_name.get(b"dg-request-id", b"").decode("latin-1")
    meaning = _MEANING.get(status, "did not accept the connection")
    parts = [
        f"HTTP {status}",
        *([_quoted(reason, 200, key)] if reason else []),
        *([f"request {_quoted(request_id, 64, key)}"] if request_id else []),
    ]
    details = ", ".join(parts)
    passing = status >= 500 or status in _PASSING
    return DeepgramFailure(f"Deepgram {meaning} ({details})", passing=passing, status=status, details=details)


def _body_reason(body: bytes | None) -> str:
    try:
        answer = json.loads(body or b"")
        return f"{answer['err_code']}: {answer['err_msg']}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def unreachable(error: BaseException, *, key: str = "") -> DeepgramFailure:
    """No connection came about at all: wrong host, no network, nobody listening, no answer in time."""
    cause = error.__cause__ or error
    if isinstance(cause, BaseExceptionGroup):
        # of all addresses of the host
        cause = leaves(cause)[0]
    reason = f"{type(cause).__name__}: {_quoted(str(cause), 200, key)}"
    return DeepgramFailure(f"Deepgram cannot be reached at the host of DEEPGRAM_URL ({reason})", passing=True)


def closed(code: int, reason: str | None, *, key: str = "") -> DeepgramFailure:
    """The connection ended although the call goes on."""
    details = f"(code {code}, {_quoted(reason or 'no reason', 200, key)})"
    if _BAD_DATA in (reason or ""):
        return DeepgramFailure(
            f"Deepgram does not take what it is sent {details}: check encoding and sample_rate in DEEPGRAM_URL",
            passing=False,
        )
    return DeepgramFailure(f"Deepgram closed the connection {details}", passing=True)
