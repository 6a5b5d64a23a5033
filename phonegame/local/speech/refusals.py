"""How a request is refused: the statuses that Deepgram gives, and the check of the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

BAD_QUERY = "INVALID_QUERY_PARAMETER"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The upgrade is answered with this HTTP status; header `dg-error` and the JSON body say the same."""

    status: int
    err_code: str
    err_msg: str


REFUSALS = {
    400: Refusal(400, "INVALID_QUERY_PARAMETER", "Bad Request"),
    401: Refusal(401, "INVALID_AUTH", "Invalid credentials."),
    402: Refusal(402, "ASR_PAYMENT_REQUIRED", "Project does not have enough credits for an ASR request."),
    403: Refusal(403, "INSUFFICIENT_PERMISSIONS", "Project does not have access to the requested model."),
    429: Refusal(429, "TOO_MANY_REQUESTS", "Too many requests. Please try again later."),
    503: Refusal(503, "SERVICE_UNAVAILABLE", "Service unavailable."),
}


def check_key(headers: Mapping[str, str], expected: str | None) -> Refusal | None:
    """`Authorization: Token KEY`, or `Sec-WebSocket-Protocol: token, KEY`. None expected: any key will do, or none."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if not scheme:
        scheme, _, given = headers.get("sec-websocket-protocol", "").partition(",")
    if not scheme and expected is None:
        return None
    key = given.strip()
    if scheme.lower() != "token" or not key:
        return Refusal(401, "INVALID_AUTH", "Invalid credentials: expected 'Authorization: Token <API_KEY>'.")
    if expected is not None and key != expected:
        return Refusal(401, "INVALID_AUTH", "Invalid credentials.")
    return None


def check_room(connections: int, most: int | None) -> Refusal | None:
    """Deepgram counts the connections of a project, each kind for itself (docs: api-rate-limits)."""
    return None if most is None or connections < most else REFUSALS[429]
