"""A request for a websocket, and its answer as Deepgram words it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from trio_websocket import WebSocketConnection, WebSocketRequest

from phonegame.local.speech.record import Record
from phonegame.local.speech.refusals import Refusal


async def accept(request: WebSocketRequest, record: Record) -> WebSocketConnection:
    return await request.accept(
        subprotocol="token" if "token" in request.proposed_subprotocols else None,
        extra_headers=[(b"dg-request-id", record.request_id.encode())],
    )


async def refuse(request: WebSocketRequest, refusal: Refusal, record: Record) -> None:
    record.refused = refusal
    record.close("service", 1006, None)
    await reject(request, refusal, record.request_id)


async def reject(request: WebSocketRequest, refusal: Refusal, request_id: str) -> None:
    await request.reject(
        refusal.status,
        extra_headers=[
            (name.encode(), value.encode("ascii", "replace")) for name, value in headers_of(refusal, request_id)
        ],
        body=body_of(refusal, request_id),
    )


def headers_of(refusal: Refusal, request_id: str) -> list[tuple[str, str]]:
    """The reason stands in the body and in `dg-error` (docs: stt-troubleshooting)."""
    return [
        ("content-type", "application/json"),
        ("dg-error", f"{refusal.err_code}: {refusal.err_msg}"),
        ("dg-request-id", request_id),
    ]


def body_of(refusal: Refusal, request_id: str) -> bytes:
    body = {"err_code": refusal.err_code, "err_msg": refusal.err_msg, "request_id": request_id}
    return json.dumps(body).encode()


def headers(request: WebSocketRequest) -> Mapping[str, str]:
    """Lower-case names. wsproto takes some headers out of the request: the subprotocols are put back."""
    given = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers}
    if request.proposed_subprotocols:
        given["sec-websocket-protocol"] = ", ".join(request.proposed_subprotocols)
    return given
