"""The phone against a recording far end: over memory streams on the virtual clock, or over a real socket."""

from __future__ import annotations

import itertools

import pytest
import trio
from trio.testing import MockClock

from phonegame.audio import SILENCE
from phonegame.local.phone import (
    Ended,
    HungUpError,
    Identity,
    NoAnswerError,
    NoHandshakeError,
    PhoneEvent,
    RejectedError,
    Sound,
    place_call,
)
from phonegame.local.phone.playback import Underrun
from tests.local.phone.far_end import in_memory, listening

LOUD = b"\x10"
URL = "ws://127.0.0.1/twilio"


class StuckStream(trio.abc.Stream):
    """Holds back what is sent, as a connection does whose far end does not read."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._loose = trio.Event()
        self._loose.set()

    def stick(self) -> None:
        self._loose = trio.Event()

    def come_loose(self) -> None:
        self._loose.set()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._loose.wait()
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._loose.wait()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self._stream.receive_some(max_bytes)

    async def aclose(self) -> None:
        await self._stream.aclose()


async def test_upgrade_has_twilios_headers_and_no_others() -> None:
    async with listening() as far, place_call(far.url, auth_token="12345"):
        await far.started.wait()
    assert far.path == "/twilio"
    assert far.headers.keys() == {
        "upgrade",
        "connection",
        "sec-websocket-key",
        "sec-websocket-version",
        "user-agent",
        "accept-encoding",
        "x-twilio-signature",
    }
    assert far.headers["user-agent"] == "Twilio.TmeWs/1.0"


async def test_unsigned_without_an_auth_token() -> None:
    async with listening() as far, place_call(far.url):
        await far.started.wait()
    assert "x-twilio-signature" not in far.headers


async def test_call_over_a_real_socket_is_in_twilios_order() -> None:
    async with listening() as far, place_call(far.url, from_number="+1555", parameters={"token": "t"}) as phone:
        await phone.play(LOUD * 500)
        await phone.key("4#")
        await phone.hang_up()
        await far.closed.wait()
    events = [event for event, _ in itertools.groupby(message["event"] for message in far.messages)]
    assert events == ["connected", "start", "media", "dtmf", "media", "dtmf", "media", "stop"]
    assert [int(message["sequenceNumber"]) for message in far.messages[1:]] == list(range(1, len(far.messages)))
    assert [message["media"]["chunk"] for message in far.of("media")] == [
        str(n) for n in range(1, len(far.of("media")) + 1)
    ]
    assert [message["dtmf"]["digit"] for message in far.of("dtmf")] == ["4", "#"]
    assert far.of("start")[0]["start"]["customParameters"] == {"from": "+1555", "token": "t"}
    assert far.close_code == 1000
    assert LOUD * 500 + SILENCE * 140 in far.audio()


async def test_frames_are_paced_by_absolute_deadlines(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        begin = trio.current_time()
        await phone.pause(2)
    timestamps = [int(message["media"]["timestamp"]) for message in far.of("media")]
    assert len(timestamps) >= 95
    assert timestamps == list(range(100, 100 + 20 * len(timestamps), 20))
    arrivals = [at for at, message in zip(far.arrivals, far.messages, strict=True) if message["event"] == "media"]
    assert [round((at - begin) * 1000) for at in arrivals] == timestamps


async def test_silence_is_sent_around_what_is_said(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await phone.pause(0.25)
        await phone.play(LOUD * 170)
        await phone.pause(0.1)
    said = far.audio()
    begin = said.index(LOUD)
    assert begin % 160 == 0
    assert said == SILENCE * begin + LOUD * 170 + SILENCE * (len(said) - begin - 170)


async def test_two_speakers_take_turns(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone, trio.open_nursery() as nursery:
        nursery.start_soon(phone.play, b"\x10" * 320)
        nursery.start_soon(phone.play, b"\x20" * 320)
    said = far.audio().replace(SILENCE, b"")
    assert said in (b"\x10" * 320 + b"\x20" * 320, b"\x20" * 320 + b"\x10" * 320)


async def test_cancelled_speaker_falls_silent(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        with trio.move_on_after(0.25):
            await phone.play(LOUD * 80_000)
        await phone.pause(0.5)
    assert 0 < far.audio().count(LOUD) < 8000 * 0.3
    assert far.audio().endswith(SILENCE * 160 * 20)


async def test_outbound_media_is_heard_on_the_calls_time_line(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await far.started.wait()
        await trio.sleep(0.5)
        await far.media(LOUD * 4000)
        await phone.pause(1)
    assert phone.heard[:10_000] == SILENCE * 4000 + LOUD * 4000 + SILENCE * 2000
    assert phone.sound_seconds == 0.5


async def test_mark_comes_back_when_everything_before_it_has_been_played(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await far.started.wait()
        await far.media(LOUD * 4000)
        await far.mark("a")
        await phone.wait_mark("a")
        assert 0.5 <= phone.seconds <= 0.52
        await far.mark("b")
        before = trio.current_time()
        await phone.wait_mark("b")
        assert trio.current_time() == before
    assert [message["mark"] for message in far.of("mark")] == [{"name": "a"}, {"name": "b"}]


async def test_clear_brings_all_marks_back_at_once(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await far.started.wait()
        for name in "abc":
            await far.media(LOUD * 8000)
            await far.mark(name)
        await trio.sleep(1.1)
        await far.send("clear")
        await phone.wait_mark("c")
        assert phone.seconds < 1.2
        await phone.pause(1)
    assert phone.marks == ["a", "b", "c"]
    assert phone.sound_seconds == pytest.approx(1.1, abs=0.03)


async def test_hole_in_the_servers_pace_is_reported(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await far.started.wait()
        await far.media(LOUD * 800)
        await trio.sleep(0.15)
        await far.media(LOUD * 800)
        await phone.pause(0.2)
    assert phone.underruns == [Underrun(at=0.1, seconds=0.05)]


async def test_faulty_messages_become_complaints_and_the_call_lives(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await far.started.wait()
        await far.socket.send_message("nonsense")
        await far.socket.send_message(b"\x00")
        await far.send("mark", mark={"name": "a"}, sequenceNumber="1")
        await far.mark("good")
        await phone.wait_mark("good")
    assert [complaint.code for complaint in phone.complaints] == [31951, 31950, 31951]


async def test_server_that_hangs_up_interrupts_what_is_being_said(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await far.started.wait()
        async with trio.open_nursery() as nursery:

            async def hang_up() -> None:
                await trio.sleep(0.3)
                await far.socket.aclose(1013, "busy")

            nursery.start_soon(hang_up)
            with pytest.raises(HungUpError, match="busy") as caught:
                await phone.play(LOUD * 80_000)
        assert caught.value.code == 1013
        assert await phone.wait_ended() == Ended("server", 1013, "busy")


async def test_what_the_server_sent_before_it_hung_up_is_not_played_any_more(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await far.started.wait()
        await far.media(LOUD * 16_000)
        await trio.sleep(0.5)
        await far.socket.aclose()
        await phone.wait_ended()
    assert phone.unplayed_seconds == pytest.approx(1.5, abs=0.03)


async def test_error_in_the_block_hangs_up_and_comes_out_as_it_is() -> None:
    async with listening() as far:
        with pytest.raises(KeyError):  # noqa: PT012 - what the block does is the test
            async with place_call(far.url):
                await far.started.wait()
                raise KeyError
        await far.closed.wait()
    assert len(far.of("stop")) == 1
    assert far.close_code == 1000


async def test_cancelled_block_hangs_up_properly() -> None:
    async with listening() as far:
        with trio.CancelScope() as scope:
            async with place_call(far.url) as phone:
                await far.started.wait()
                scope.cancel()
                await phone.pause(60)
        await far.closed.wait()
    assert scope.cancelled_caught
    assert len(far.of("stop")) == 1
    assert far.close_code == 1000


async def test_abort_sends_neither_stop_nor_close() -> None:
    async with listening() as far, place_call(far.url) as phone:
        await far.started.wait()
        phone.abort()
        assert (await phone.wait_ended()).code == 1006
        await far.closed.wait()
    assert far.of("stop") == []
    assert far.close_code == 1006


async def test_nobody_answers() -> None:
    with trio.socket.socket() as unused:
        await unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(NoAnswerError, match="phonegame serve"):
        async with place_call(f"ws://127.0.0.1:{port}/twilio"):
            pytest.fail("there is no call")


async def test_no_websocket_server_answers(autojump_clock: MockClock) -> None:
    _, ours = trio.testing.memory_stream_pair()
    with pytest.raises(NoHandshakeError, match="websocket"):
        async with place_call(URL, stream=ours):
            pytest.fail("there is no call")


@pytest.mark.parametrize(("status", "word"), [(403, "TWILIO_AUTH_TOKEN"), (404, "/twilio"), (503, "503")])
async def test_refused_handshake_is_told_with_its_status(status: int, word: str) -> None:
    async with listening() as far:
        far.reject_with = status
        with pytest.raises(RejectedError, match=word) as caught:
            async with place_call(far.url):
                pytest.fail("there is no call")
    assert caught.value.status == status


async def test_events_are_told_as_they_happen(autojump_clock: MockClock) -> None:
    events: list[PhoneEvent] = []
    async with in_memory() as (far, stream), place_call(URL, stream=stream, on_event=events.append) as phone:
        await far.started.wait()
        await far.media(LOUD * 1600)
        await phone.wait_heard(0.1)
        assert events == []
        await phone.pause(2)
        assert events == [Sound(at=0.0, seconds=0.2)]
    assert events[1:] == [Ended("phone", 1000, "")]


async def test_silent_media_is_not_heard(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream) as phone:
        await far.started.wait()
        await far.media(SILENCE * 8000)
        with trio.move_on_after(2) as patience:
            await phone.wait_heard()
    assert patience.cancelled_caught


async def test_server_that_does_not_read_loses_the_callers_audio(autojump_clock: MockClock) -> None:
    """Twilio's 31930."""
    async with in_memory() as (far, stream):
        stuck = StuckStream(stream)
        async with place_call(URL, stream=stuck) as phone:
            await far.started.wait()
            stuck.stick()
            await trio.sleep(10)
            stuck.come_loose()
            await phone.pause(0.5)
    assert [complaint.code for complaint in phone.complaints] == [31930]
    timestamps = [int(message["media"]["timestamp"]) for message in far.of("media")]
    assert timestamps == sorted(timestamps)
    assert max(later - earlier for earlier, later in itertools.pairwise(timestamps)) == pytest.approx(7000, abs=200)


async def test_server_that_neither_reads_nor_closes_is_left_after_two_seconds(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream):
        stuck = StuckStream(stream)
        async with place_call(URL, stream=stuck) as phone:
            await far.started.wait()
            stuck.stick()
            await trio.sleep(1)
            before = trio.current_time()
        assert trio.current_time() == before + 2
    assert phone.ended == Ended("phone", 1006, "dropped")


async def test_identity_can_be_given(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream), place_call(URL, stream=stream, identity=Identity(call_sid="CA1")):
        await far.started.wait()
    assert far.of("start")[0]["start"]["callSid"] == "CA1"
