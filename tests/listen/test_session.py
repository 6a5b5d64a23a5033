from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio
from wsproto import WSConnection
from wsproto.connection import Connection, ConnectionType
from wsproto.events import AcceptConnection, CloseConnection, Request

from phonegame.deepgram.failures import DeepgramFailure
from phonegame.deepgram.messages import CLOSE_STREAM
from phonegame.listen import session as session_module
from phonegame.listen.session import Session, open_session
from phonegame.local.speech.marker import encode_speech
from phonegame.local.speech.script import CloseAfter, Plan, Script, Send, refuse
from phonegame.local.speech.service import SpeechConfig, SpeechService, serve_speech

KEY = "planted0deepgram0key0"
QUERY = "?model=nova-3&encoding=mulaw&sample_rate=8000&channels=1&interim_results=true&endpointing=60"


@asynccontextmanager
async def speech_service(*plans: Plan, key: str | None = KEY) -> AsyncIterator[SpeechService]:
    """Ends when every connection of it has ended."""
    async with trio.open_nursery() as nursery:
        config = SpeechConfig(recogniser="marker", key=key, script=Script(plans))
        service: SpeechService = await nursery.start(serve_speech, config)
        with trio.fail_after(10):
            yield service
            for record in service.connections:
                await record.wait_closed()
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def tcp_server(handler: Callable[[trio.SocketStream], Awaitable[object]]) -> AsyncIterator[str]:
    """Something that is no Deepgram; gives its URL."""
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, handler, 0, host="127.0.0.1"))
        yield f"ws://127.0.0.1:{listeners[0].socket.getsockname()[1]}/v1/listen"
        nursery.cancel_scope.cancel()


async def failure_of(url: str, key: str = KEY) -> DeepgramFailure:
    with pytest.raises(DeepgramFailure) as caught:
        async with open_session(url, key):
            pytest.fail("the session should not open")
    assert KEY not in str(caught.value)
    return caught.value


async def receive_until_failure(session: Session) -> None:
    while True:
        await session.receive()


async def hear_a_tenth_of_a_second(url: str) -> None:
    async with open_session(url, KEY) as session:
        await session.send_audio(bytes(800))
        await receive_until_failure(session)


async def receive_final(session: Session) -> str:
    while '"is_final": true' not in (message := await session.receive()):
        pass
    found = re.search(r'"transcript": "([^"]*)"', message)
    assert found is not None
    return found[1]


class TestOpen:
    async def test_the_key_and_the_query_reach_deepgram_as_they_stand(self) -> None:
        async with speech_service() as service:
            query = QUERY + "&keyterm=two%20words%26more"
            async with open_session(service.url + query, KEY):
                record = await service.connection(0)
                assert record.headers["authorization"] == f"Token {KEY}"
                assert "?" + record.query == query

    async def test_without_a_key_no_header_is_sent(self) -> None:
        async with speech_service(key=None) as service, open_session(service.url + QUERY, "") as session:
            assert "authorization" not in (await service.connection(0)).headers
            await session.send_audio(encode_speech("hello", word_ms=100, pause_ms=100))
            assert await receive_final(session) == "hello"

    async def test_audio_goes_out_and_results_come_back(self) -> None:
        async with speech_service() as service, open_session(service.url + QUERY, KEY) as session:
            assert session.send_audio_nowait(encode_speech("forty", word_ms=100))
            await session.send_audio(encode_speech(" two", word_ms=100, pause_ms=100))
            assert await receive_final(session) == "forty two"

    async def test_an_empty_piece_is_not_sent(self) -> None:
        # Deepgram takes an empty binary message for the end
        async with speech_service() as service, open_session(service.url + QUERY, KEY) as session:
            await session.send_audio(b"")
            await session.send_audio(encode_speech("still here", word_ms=100, pause_ms=100))
            assert await receive_final(session) == "still here"

    async def test_binary_messages_are_skipped(self) -> None:
        plan = Plan(garbage=(Send(b"\0\1", at=0.05), Send('{"type":"Hello"}', at=0.05)))
        async with speech_service(plan) as service, open_session(service.url + QUERY, KEY) as session:
            await session.send_audio(bytes(800))
            assert await session.receive() == '{"type":"Hello"}'


class TestRefusal:
    @pytest.mark.parametrize("status", [400, 401, 402, 403, 429, 503])
    async def test_it_gives_status_and_reason(self, status: int) -> None:
        async with speech_service(refuse(status)) as service:
            failure = await failure_of(service.url + QUERY)
            refused = service.connections[0].refused
        assert refused is not None
        assert f"HTTP {status}, {refused.err_code}: {refused.err_msg}, request " in str(failure)
        assert failure.passing is (status in (429, 503))

    async def test_another_key_is_refused(self) -> None:
        async with speech_service() as service:
            failure = await failure_of(service.url + QUERY, "another0key")
        assert "DEEPGRAM_API_KEY" in str(failure)
        assert "another0key" not in str(failure)

    async def test_another_path_is_not_found(self) -> None:
        async with speech_service() as service:
            assert "HTTP 404" in str(await failure_of(service.url.replace("listen", "talk")))


class TestRefusalThatRepeatsTheKey:
    async def test_it_is_shown_without_it(self) -> None:
        async def repeat(stream: trio.SocketStream) -> None:
            async with stream:
                await stream.receive_some()
                head = f"HTTP/1.1 401 No\r\ndg-error: Token {KEY}?\r\ncontent-length: 0\r\n\r\n"
                await stream.send_all(head.encode())
                await stream.receive_some()

        async with tcp_server(repeat) as url:
            assert "Token [the key]?" in str(await failure_of(url))


class TestUnreachable:
    async def test_nobody_listens(self) -> None:
        listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
        port = listener.socket.getsockname()[1]
        await listener.aclose()
        failure = await failure_of(f"ws://127.0.0.1:{port}/v1/listen")
        assert "DEEPGRAM_URL" in str(failure)
        assert failure.passing

    async def test_the_host_does_not_exist(self) -> None:
        failure = await failure_of("ws://no.such.host.invalid/v1/listen")
        assert "DEEPGRAM_URL" in str(failure)

    async def test_the_connection_is_closed_before_the_upgrade(self) -> None:
        async def close(stream: trio.SocketStream) -> None:
            await stream.receive_some()
            await stream.aclose()

        async with tcp_server(close) as url:
            with trio.fail_after(2):
                assert (await failure_of(url)).passing

    async def test_the_connection_is_reset_before_the_upgrade(self) -> None:
        async def reset(stream: trio.SocketStream) -> None:
            await stream.aclose()

        async with tcp_server(reset) as url:
            with trio.fail_after(2):
                assert (await failure_of(url)).passing

    async def test_the_answer_is_no_http(self) -> None:
        async def babble(stream: trio.SocketStream) -> None:
            async with stream:
                await stream.receive_some()
                await stream.send_all(b"220 mail.example ESMTP\r\n\r\n")
                await stream.receive_some()

        async with tcp_server(babble) as url:
            with trio.fail_after(2):
                assert (await failure_of(url)).passing

    async def test_no_answer_comes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("phonegame.listen.session.CONNECT_SECONDS", 0.1)

        async def keep_silent(stream: trio.SocketStream) -> None:
            async with stream:
                await trio.sleep_forever()

        async with tcp_server(keep_silent) as url:
            assert (await failure_of(url)).passing

    async def test_the_other_side_speaks_no_tls(self) -> None:
        async def babble(stream: trio.SocketStream) -> None:
            async with stream:
                await stream.receive_some()
                await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        async with tcp_server(babble) as url:
            assert "SSL" in str(await failure_of(url.replace("ws:", "wss:")))


class TestEnd:
    async def test_deepgram_s_close_gives_code_and_reason(self) -> None:
        async with speech_service(Plan(close_after=CloseAfter(0.1, 1011, "NET-0000: gone"))) as service:
            with pytest.raises(DeepgramFailure, match="1011, NET-0000: gone"):
                await hear_a_tenth_of_a_second(service.url + QUERY)

    async def test_a_reason_that_repeats_the_key_is_shown_without_it(self) -> None:
        async with speech_service(Plan(close_after=CloseAfter(0.1, 1011, f"who is {KEY}?"))) as service:
            with pytest.raises(DeepgramFailure, match=re.escape("who is [the key]?")):
                await hear_a_tenth_of_a_second(service.url + QUERY)

    async def test_a_connection_that_drops_has_no_code(self) -> None:
        async with speech_service(Plan(drop_after=0.1)) as service:
            with pytest.raises(DeepgramFailure, match="1006"):
                await hear_a_tenth_of_a_second(service.url + QUERY)

    async def test_nothing_more_is_sent_after_it(self) -> None:
        plan = Plan(drop_after=0.1)
        async with speech_service(plan) as service, open_session(service.url + QUERY, KEY) as session:
            await session.send_audio(bytes(800))
            with pytest.raises(DeepgramFailure):
                await receive_until_failure(session)
            assert not session.send_audio_nowait(bytes(160))
            with pytest.raises(DeepgramFailure):
                await session.send_audio(bytes(160))

    async def test_leaving_says_goodbye(self) -> None:
        async with speech_service() as service:
            async with open_session(service.url + QUERY, KEY) as session:
                await session.send_audio(bytes(800))
            closed = await service.connections[0].wait_closed()
        assert (closed.by, closed.code) == ("client", 1000)

    async def test_an_error_of_the_block_comes_out_as_it_is(self) -> None:
        error = ZeroDivisionError()
        async with speech_service() as service:
            with pytest.raises(ZeroDivisionError) as caught:
                async with open_session(service.url + QUERY, KEY):
                    raise error
        assert caught.value is error

    @pytest.mark.parametrize("error", [OSError("disk full"), trio.TooSlowError(), trio.BrokenResourceError()])
    async def test_also_one_that_might_have_been_the_network_s(self, error: Exception) -> None:
        async with speech_service() as service:
            with pytest.raises(type(error)) as caught:
                async with open_session(service.url + QUERY, KEY):
                    raise error
        assert caught.value is error

    async def test_a_group_of_the_block_comes_out_whole(self) -> None:
        async with speech_service() as service:
            with pytest.RaisesGroup(ZeroDivisionError, KeyError, flatten_subgroups=True):
                async with open_session(service.url + QUERY, KEY):
                    raise ExceptionGroup("two", [ZeroDivisionError(), KeyError()])

    async def test_a_cancellation_closes_it(self) -> None:
        async with speech_service() as service:
            with trio.CancelScope() as scope:
                async with open_session(service.url + QUERY, KEY) as session:
                    await session.send_text(CLOSE_STREAM)
                    scope.cancel()
                    await trio.sleep_forever()
            assert scope.cancelled_caught


async def test_a_ping_behind_our_own_close_frame_does_no_harm() -> None:
    async def answer_with_a_ping(stream: trio.SocketStream) -> None:
        server = Connection(ConnectionType.SERVER)
        async with stream:
            accept = await _accept_upgrade(stream)
            await stream.send_all(accept)
            while not any(isinstance(event, CloseConnection) for event in server.events()):
                server.receive_data(bytes(await stream.receive_some()))
            await stream.send_all(b"\x89\x00")
            while await stream.receive_some():
                pass

    async with tcp_server(answer_with_a_ping) as url, open_session(url, KEY):
        pass


async def _accept_upgrade(stream: trio.SocketStream) -> bytes:
    """The answer to the upgrade request that the stream brings."""
    handshake = WSConnection(ConnectionType.SERVER)
    handshake.receive_data(bytes(await stream.receive_some()))
    (request,) = handshake.events()
    assert isinstance(request, Request)
    return handshake.send(AcceptConnection())


@pytest.mark.parametrize("url", ["wss://a..b/v1/listen", f"wss://{'x' * 70}.example/v1/listen"])
async def test_a_host_name_that_cannot_be_one_is_a_failure(url: str) -> None:
    assert (await failure_of(url)).passing


class TestPing:
    async def test_it_returns_when_it_has_been_answered(self) -> None:
        async with speech_service() as service, open_session(service.url + QUERY, KEY) as session:
            await session.ping()
            assert session.connection.closed is None

    async def test_one_that_is_not_answered_is_a_failure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(session_module, "PONG_SECONDS", 0.05)

        async def accept_and_read_no_more(stream: trio.SocketStream) -> None:
            await stream.send_all(await _accept_upgrade(stream))
            await trio.sleep_forever()

        async with tcp_server(accept_and_read_no_more) as url, open_session(url, KEY) as session:
            with pytest.raises(DeepgramFailure, match="ping") as caught:
                await session.ping()
            assert caught.value.passing

    async def test_the_end_of_the_session_is_its_failure(self) -> None:
        async with speech_service() as service, open_session(service.url + QUERY, KEY) as session:
            await session.send_text(CLOSE_STREAM)
            with pytest.raises(DeepgramFailure, match="1000"):
                await receive_until_failure(session)
            with pytest.raises(DeepgramFailure, match="1000"):
                await session.ping()
