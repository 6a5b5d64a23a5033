"""`POST /v1/speak`: a text in, its audio out, one request a connection.

Source: Deepgram's documentation, text-to-speech and tts-media-output-settings. No fault of a script strikes here.
"""

from __future__ import annotations

import json
import struct
import uuid
from dataclasses import dataclass

import h11
import trio

from phonegame.local.http_server import HttpRequest, receive_request
from phonegame.local.speech.config import SpeechConfig
from phonegame.local.speech.refusals import Refusal, check_key
from phonegame.local.speech.speaking.commands import is_text
from phonegame.local.speech.speaking.messages import MODEL_UUID
from phonegame.local.speech.speaking.query import SpeakOptions, parse_speak_query
from phonegame.local.speech.speaking.voice import FromTelephone, SpeakingVoice, find_voice
from phonegame.local.speech.upgrade import body_of, headers_of
from phonegame.speak.voice import SpeakError

TEXT_LENGTH = 2000
"""Characters; an older page of Deepgram's says 1000 for Aura-2, its list of errors 2400."""
BODY_BYTES = 65_536
RECEIVE_BYTES = 16_384
REQUEST_SECONDS = 10.0
INCOMPLETE = Refusal(400, "BAD_REQUEST", "the request is not complete")
_WAV_FORMATS = {"linear16": 1, "alaw": 6, "mulaw": 7}


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be said, and how."""

    text: str
    options: SpeakOptions
    voice: SpeakingVoice


class SpeakOverHttp:
    def __init__(self, config: SpeechConfig) -> None:
        self._config = config

    async def serve(self, stream: trio.abc.Stream, head: bytes) -> None:
        """One request, of which `head` was read already. Raises trio.BrokenResourceError when the client has gone."""
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=RECEIVE_BYTES)
        request_id = str(uuid.uuid4())
        said = await self._say(http, stream, head)
        if isinstance(said, Refusal):
            await _send(http, stream, said.status, headers_of(said, request_id), body_of(said, request_id))
        else:
            order, audio = said
            await _send(http, stream, 200, _headers(order, request_id), audio)

    async def _say(self, http: h11.Connection, stream: trio.abc.Stream, head: bytes) -> tuple[Order, bytes] | Refusal:
        try:
            http.receive_data(head)
            with trio.fail_after(REQUEST_SECONDS):
                request = await receive_request(http, stream, BODY_BYTES)
            order = INCOMPLETE if request is None else self._order(request)
            return order if isinstance(order, Refusal) else (order, await _synthesise(order))
        except h11.RemoteProtocolError as error:
            return Refusal(error.error_status_hint, "BAD_REQUEST", str(error))
        except trio.TooSlowError:
            return Refusal(408, "REQUEST_TIMEOUT", "The request did not come to its end.")
        except SpeakError as error:
            return Refusal(503, "SERVICE_UNAVAILABLE", str(error))

    def _order(self, request: HttpRequest) -> Order | Refusal:
        """Raises ESpeakMissing."""
        if request.path != "/v1/speak":
            return Refusal(404, "NOT_FOUND", "Not found.")
        options = check_key(request.headers, self._config.key) or parse_speak_query(request.query, "rest")
        if isinstance(options, Refusal):
            return options
        text = _text(request.headers.get("content-type", ""), request.body)
        if isinstance(text, Refusal):
            return text
        return Order(text, options, find_voice(self._config, options))


def _text(content_type: str, body: bytes) -> str | Refusal:
    match content_type.partition(";")[0].strip().lower():
        case "application/json":
            text = _json_text(body)
        case "text/plain":
            text = body.decode(errors="replace")
        case _:
            return Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "Send application/json or text/plain.")
    if text is None:
        return Refusal(400, "PAYLOAD_ERROR", 'The body must be {"text": "..."}.')
    if not text.strip():
        return Refusal(400, "EMPTY_TEXT", "There is no text to say.")
    if len(text) > TEXT_LENGTH:
        return Refusal(413, "TEXT_TOO_LONG", f"At most {TEXT_LENGTH} characters; these are {len(text)}.")
    return text


def _json_text(body: bytes) -> str | None:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    text = content.get("text") if isinstance(content, dict) else None
    return text if is_text(text) else None


async def _synthesise(order: Order) -> bytes:
    await trio.lowlevel.checkpoint()
    encoder = FromTelephone(order.options)
    pieces = [encoder.convert(await order.voice.synthesise(piece)) for piece in order.voice.pieces(order.text)]
    audio = b"".join(pieces)
    return _wav_header(order.options, len(audio)) + audio if order.options.container == "wav" else audio


def _wav_header(options: SpeakOptions, size: int) -> bytes:
    width, rate = options.sample_bytes, options.sample_rate
    layout = struct.pack("<HHIIHHH", _WAV_FORMATS[options.encoding], 1, rate, rate * width, width, 8 * width, 0)
    chunks = struct.pack("<4sI", b"fmt ", len(layout)) + layout + struct.pack("<4sI", b"data", size)
    return struct.pack("<4sI4s", b"RIFF", 4 + len(chunks) + size, b"WAVE") + chunks


def _headers(order: Order, request_id: str) -> list[tuple[str, str]]:
    options = order.options
    name = {"linear16": "l16"}.get(options.encoding, options.encoding)
    return [
        ("content-type", "audio/wav" if options.container == "wav" else f"audio/{name};rate={options.sample_rate}"),
        ("dg-request-id", request_id),
        ("dg-model-name", options.model),
        ("dg-model-uuid", MODEL_UUID),
        ("dg-char-count", str(len(order.text))),
    ]


async def _send(
    http: h11.Connection, stream: trio.abc.Stream, status: int, headers: list[tuple[str, str]], body: bytes
) -> None:
    """Chunked, as Deepgram does it: its length is not known beforehand."""
    encoded = [(name.encode(), value.encode("ascii", "replace")) for name, value in headers]
    response = h11.Response(status_code=status, headers=[*encoded, (b"connection", b"close")])
    for event in (response, h11.Data(data=body), h11.EndOfMessage()):
        await stream.send_all(http.send(event) or b"")
