from __future__ import annotations

import json
from dataclasses import replace

import h11
import pytest
import trio
from trio.testing import memory_stream_pair

from phonegame.local.speech import SpeechConfig, SpeechService, encode_speech
from phonegame.wav import read_wav
from tests.local.speech.client import listening
from tests.local.speech.speak_client import MARKER, SPEAK, say, speaking, until_text

RAW = f"{SPEAK}&container=none"
HELLO = encode_speech("hello game", word_ms=100)
AS_JSON = {"Content-Type": "application/json", "Authorization": "Token planted-key"}


async def post(
    config: SpeechConfig, body: bytes, query: str = RAW, *, headers: dict[str, str] | None = None, chunk: int = 65_536
) -> tuple[h11.Response, bytes]:
    """The request goes out in pieces of `chunk` bytes."""
    ours, theirs = memory_stream_pair()
    client = h11.Connection(h11.CLIENT)
    headers = {"Host": "speech.test", "Content-Length": str(len(body))} | (AS_JSON if headers is None else headers)
    request = h11.Request(method="POST", target=f"/v1/speak?{query}", headers=list(headers.items()))
    sent = b"".join(client.send(event) or b"" for event in (request, h11.Data(data=body), h11.EndOfMessage()))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(SpeechService(config).serve_stream, theirs)
        for start in range(0, len(sent), chunk):
            await ours.send_all(sent[start : start + chunk])
        while received := await ours.receive_some():
            client.receive_data(bytes(received))
        client.receive_data(b"")
    response = client.next_event()
    assert isinstance(response, h11.Response)
    audio = b""
    while isinstance(event := client.next_event(), h11.Data):
        audio += bytes(event.data)
    assert isinstance(event, h11.EndOfMessage)
    return response, audio


@pytest.mark.parametrize("chunk", [1, 100, 65_536])
async def test_a_text_is_answered_with_its_audio(chunk: int) -> None:
    response, audio = await post(MARKER, b'{"text": "hello game"}', chunk=chunk)
    headers = dict(response.headers)
    assert response.status_code == 200
    assert audio == HELLO
    assert headers[b"content-type"] == b"audio/mulaw;rate=8000"
    assert headers[b"dg-model-name"] == b"aura-2-thalia-en"
    assert headers[b"dg-char-count"] == b"10"
    assert b"dg-request-id" in headers


async def test_plain_text_will_do() -> None:
    _, audio = await post(MARKER, b"hello game", headers=AS_JSON | {"Content-Type": "text/plain; charset=utf-8"})
    assert audio == HELLO


@pytest.mark.parametrize(("encoding", "width"), [("mulaw", 1), ("linear16", 2)])
async def test_without_container_none_it_is_a_wav_file(encoding: str, width: int) -> None:
    query = f"model=aura-2-thalia-en&encoding={encoding}&sample_rate=8000"
    response, audio = await post(MARKER, b'{"text": "hello game"}', query)
    wav = read_wav(audio)
    assert dict(response.headers)[b"content-type"] == b"audio/wav"
    assert (wav.width, wav.rate, wav.channels) == (width, 8000, 1)
    assert wav.to_telephone() == HELLO


@pytest.mark.parametrize(
    ("body", "changes", "query", "status", "code"),
    [
        (b"{", {}, RAW, 400, "PAYLOAD_ERROR"),
        (b'{"text": 1}', {}, RAW, 400, "PAYLOAD_ERROR"),
        (b'{"text": " "}', {}, RAW, 400, "EMPTY_TEXT"),
        (json.dumps({"text": "a" * 2001}).encode(), {}, RAW, 413, "TEXT_TOO_LONG"),
        (b"a" * 70_000, {}, RAW, 413, "BAD_REQUEST"),
        (b"hello", {"Content-Type": "text/html"}, RAW, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b"{}", {}, "model=nova-3", 400, "INVALID_QUERY_PARAMETER"),
        (b"{}", {}, "model=aura-2-thalia-en", 400, "INVALID_QUERY_PARAMETER"),
        (b"{}", {"Authorization": "Token another"}, RAW, 401, "INVALID_AUTH"),
    ],
)
async def test_what_cannot_be_said_is_refused(
    body: bytes, changes: dict[str, str], query: str, status: int, code: str
) -> None:
    response, answer = await post(replace(MARKER, key="planted-key"), body, query, headers=AS_JSON | changes)
    assert response.status_code == status
    assert json.loads(answer)["err_code"] == code
    assert dict(response.headers)[b"dg-error"].decode().startswith(code)


async def test_a_client_that_goes_away_disturbs_nobody() -> None:
    async with listening(MARKER) as service:
        for part in (
            b"",
            b"POST /v1/speak",
            b"POST /v1/speak HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
            b"GET / HTT",
        ):
            async with await trio.open_tcp_stream("127.0.0.1", service.port) as stream:
                if part:
                    await stream.send_all(part)
        async with speaking(service) as client:
            await say(client, "hello game")
            assert b"".join((await until_text(client))[0]) == HELLO


async def test_what_is_no_websocket_disturbs_nobody() -> None:
    async with listening(MARKER) as service:
        async with await trio.open_tcp_stream("127.0.0.1", service.port) as stream:
            await stream.send_all(b"GET /v1/speak HTTP/1.1\r\nHost: a\r\n\r\n")
            with trio.move_on_after(1):
                await stream.receive_some()
        async with speaking(service):
            pass
