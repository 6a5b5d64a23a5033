from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, TextMessage

SCRIPTS = Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from benchmark import traffic  # noqa: E402
from benchmark.errors import ProtocolError  # noqa: E402
from benchmark.playback import Pace, Playback  # noqa: E402
from benchmark.profiling import tables  # noqa: E402
from benchmark.report import delays  # noqa: E402
from benchmark.sayings import Receipt, Saying  # noqa: E402
from benchmark.search import find_max  # noqa: E402
from benchmark.spoken_texts import Texts  # noqa: E402
from benchmark.timers import Timers  # noqa: E402
from benchmark.websocket import (  # noqa: E402
    BINARY,
    CLOSE,
    MASKING_KEY,
    PING,
    TEXT,
    client_frame,
    mask,
    server_frame,
    split_frames,
    upgrade_request,
    upgrade_response,
)

from tests.programs import needed_program  # noqa: E402

frames = st.lists(st.tuples(st.sampled_from([TEXT, BINARY]), st.binary(max_size=70_000)), max_size=3)


def as_wsproto_reads_it(data: bytes) -> list[str | bytes]:
    server = Connection(ConnectionType.SERVER)
    server.receive_data(data)
    messages = []
    for event in server.events():
        assert isinstance(event, TextMessage | BytesMessage)
        assert event.message_finished
        messages.append(event.data if isinstance(event, TextMessage) else bytes(event.data))
    return messages


@given(st.binary(max_size=300), st.integers(0, 9))
def test_mask_of_a_part_is_that_part_of_the_whole(data: bytes, offset: int) -> None:
    start = bytes(offset)
    assert mask(data, offset=offset) == mask(start + data)[offset:]
    assert mask(mask(data)) == data


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_client_frame_is_what_wsproto_reads(size: int) -> None:
    payload = bytes(range(256)) * 257
    assert as_wsproto_reads_it(client_frame(BINARY, payload[:size])) == [payload[:size]]


@given(frames, st.integers(min_value=0))
def test_split_frames_finds_them_wherever_the_bytes_are_cut(sent: list[tuple[int, bytes]], cut: int) -> None:
    data = b"".join(client_frame(*each) if at % 2 else server_frame(*each) for at, each in enumerate(sent))
    cut %= len(data) + 1
    first, rest = split_frames(data[:cut])
    second, rest = split_frames(rest + data[cut:])
    assert first + second == sent
    assert rest == b""


def test_split_frames_keeps_control_frames_apart() -> None:
    data = server_frame(PING, b"here") + server_frame(CLOSE, b"\x03\xf5all codes are taken")
    assert split_frames(data) == ([(PING, b"here"), (CLOSE, b"\x03\xf5all codes are taken")], b"")


@pytest.mark.parametrize("first_byte", [0x01, 0xC1, 0x80], ids=["fragment", "compressed", "continuation"])
def test_split_frames_refuses_what_it_cannot_read(first_byte: int) -> None:
    with pytest.raises(ProtocolError, match=f"0x{first_byte:02x}"):
        split_frames(bytes((first_byte, 2)) + b"ab")


def test_upgrade_response_to_the_example_of_rfc_6455() -> None:
    request = b"GET /v1/listen HTTP/1.1\r\nHost: localhost\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in upgrade_response(request)


def test_upgrade_response_to_a_request_for_a_page_is_an_error() -> None:
    with pytest.raises(ProtocolError):
        upgrade_response(b"GET / HTTP/1.1\r\nHost: localhost")


def test_messages_of_a_call_are_numbered_as_twilio_does() -> None:
    audio = traffic.CallAudio(3, 10)
    messages = traffic.CallMessages(3, audio.first_slice)
    media = traffic.MediaFrames()
    stream = messages.opening()
    for number in range(1000):
        if number == traffic.KEYS_AFTER_FRAMES:
            stream += messages.keys("1003")
        stream += media.frame(number, messages)
    stream += messages.stop(1000)

    connected, *numbered = [json.loads(message) for message in as_wsproto_reads_it(stream)]
    assert connected["event"] == "connected"
    assert [message["sequenceNumber"] for message in numbered] == [str(n + 1) for n in range(len(numbered))]
    assert {message["streamSid"] for message in numbered} == {messages.stream_sid}
    assert "".join(each["dtmf"]["digit"] for each in numbered if each["event"] == "dtmf") == "1003#"
    sounds = [message["media"] for message in numbered if message["event"] == "media"]
    assert [int(sound["chunk"]) for sound in sounds] == list(range(1, 1001))
    assert [int(sound["timestamp"]) for sound in sounds] == list(range(120, 20_120, 20))
    heard = b"".join(base64.b64decode(sound["payload"], validate=True) for sound in sounds)
    assert heard == audio.piece(0, 160_000)
    assert heard.startswith(audio.prefix)


def test_every_call_begins_with_audio_of_its_own() -> None:
    calls = traffic.MOST_CALLS
    assert len({traffic.CallAudio(index, calls).prefix for index in range(calls)}) == calls


def test_call_audio_goes_on_behind_its_end() -> None:
    audio = traffic.CallAudio(0, 1)
    length = 4096 * traffic.FRAME_BYTES
    assert audio.piece(length - 10, 30) == audio.piece(length - 10, 10) + audio.piece(0, 20)


def test_call_audio_is_found_where_it_belongs() -> None:
    audio = traffic.CallAudio(7, 10)
    assert audio.find(audio.piece(480, 160)) == 480
    assert audio.find(bytes(160)) is None


def test_result_is_read_back_from_its_message() -> None:
    result = traffic.Result(17, 3, 1_234_567_890_123, 59.96)
    message = json.loads(result.message())
    assert message["type"] == "Results"
    assert message["start"] == 59.96
    assert message["channel"]["alternatives"][0]["words"][-1]["end"] == 60.96
    assert traffic.read_result(result.message()) == result
    assert traffic.read_result(traffic.METADATA) is None


def test_delays_are_the_smallest_values_that_so_many_do_not_exceed() -> None:
    found = delays([n / 1000 for n in range(200, 0, -1)])
    assert found is not None
    assert (found.p50, found.p99, found.max, found.count) == pytest.approx((100, 198, 200, 200))
    assert delays([]) is None


@pytest.mark.parametrize("limit", [0, 1, 37, 50, 124, 340, 1999, traffic.MOST_CALLS])
def test_find_max_is_kept_and_within_4_percent_of_the_limit(limit: int) -> None:
    found = find_max(lambda calls: calls <= limit, 50)
    assert limit / 1.05 - 1 <= found <= limit


def test_profile_tables_count_a_recursive_function_once() -> None:
    text = tables("main;walk;walk 3\nmain;read 1\n")
    own, cumulative = text.split("cumulative time")
    assert "75.0%  walk" in own
    assert "main" not in own
    assert "100.0%  main" in cumulative
    assert "75.0%  walk" in cumulative


def test_masking_key_is_not_zero() -> None:
    assert len(MASKING_KEY) == 4
    assert all(MASKING_KEY)


@pytest.mark.parametrize(("subprotocol", "asks"), [(None, False), ("phonegame.v1", True)])
def test_upgrade_request_asks_for_a_subprotocol_only_where_there_is_one(subprotocol: str | None, asks: bool) -> None:
    head, end, body = upgrade_request("localhost:1", "/game", "bench", subprotocol).partition(b"\r\n\r\n")
    assert (end, body) == (b"\r\n\r\n", b"")
    assert (b"\r\nSec-WebSocket-Protocol: phonegame.v1" in head) == asks


def test_playback_of_what_comes_in_time_never_runs_dry() -> None:
    playback, pace = Playback(), Pace()
    for number, moment in enumerate([10.0, 10.0, 10.0, 10.0, 10.0, 10.1, 10.2, 10.301]):
        playback.media(800, moment, pace, is_first=number == 0)
    assert (pace.pieces, pace.under_runs, pace.pauses) == (8, [], [])
    assert max(pace.leads) == pytest.approx(0.5)
    assert max(pace.lateness) == pytest.approx(0.001)
    assert playback.plays_until == pytest.approx(10.8)


def test_playback_counts_silence_in_the_middle_of_a_sentence() -> None:
    playback, pace = Playback(), Pace()
    playback.media(800, 10.0, pace, is_first=True)
    playback.media(800, 10.15, pace, is_first=False)
    assert pace.under_runs == pytest.approx([0.05])
    assert playback.plays_until == pytest.approx(10.25)


def test_playback_counts_silence_between_sentences_apart() -> None:
    playback, pace = Playback(), Pace()
    playback.media(800, 10.0, pace, is_first=True)
    assert playback.mark("one") == pytest.approx(10.1)
    playback.media(800, 10.3, pace, is_first=False)
    playback.mark("two")
    playback.media(800, 99.0, pace, is_first=True)
    assert pace.under_runs == []
    assert pace.pauses == pytest.approx([0.2])


def test_playback_returns_each_mark_once() -> None:
    playback = Playback()
    playback.media(8000, 10.0, None, is_first=True)
    playback.mark("swept away")
    unplayed, marks = playback.clear(10.25)
    assert (round(unplayed, 6), marks) == (0.75, ["swept away"])
    assert not playback.mark_played("swept away")
    playback.media(800, 10.3, None, is_first=True)
    playback.mark("played")
    assert playback.mark_played("played")
    assert playback.is_silent
    assert playback.plays_until == pytest.approx(10.4)


def test_timers_run_in_order_and_when_due() -> None:
    timers, ran = Timers(), list[str]()
    for moment, name in [(2.0, "third"), (1.0, "first"), (1.0, "second"), (3.0, "later")]:
        timers.at(moment, lambda name=name: ran.append(name))  # type: ignore[misc]
    timers.run(2.0)
    assert ran == ["first", "second", "third"]


HEARD = Receipt("One. Two.", 0.1, interrupted=False, dropped=None)
STOPPED = Receipt("One.", 0.05, interrupted=True, dropped=None)


def said(*receipts: Receipt, audio: bytes = bytes(800), starts: int = 1, cut: float | None = None) -> Saying:
    saying = Saying("a", "One. Two.", "kind", 0.0, has_receipt=True, audio=bytearray(audio), starts=starts)
    saying.receipts += receipts
    saying.heard_until_clear = cut
    return saying


@pytest.mark.parametrize("saying", [said(HEARD), said(STOPPED, audio=bytes(600), cut=0.05)], ids=["heard", "stopped"])
def test_a_saying_whose_receipt_fits_has_no_fault(saying: Saying) -> None:
    assert saying.fault({"One. Two.": bytes(800)}) is None


@pytest.mark.parametrize(
    "saying",
    [
        said(HEARD, audio=b""),
        said(HEARD, audio=bytes(799) + b"x"),
        said(HEARD, audio=bytes(600)),
        said(),
        said(HEARD, HEARD),
        said(HEARD, starts=0),
        said(HEARD, starts=2),
        said(STOPPED),
        said(HEARD, cut=0.05),
        said(Receipt("One.", 0.1, interrupted=False, dropped=None)),
        said(Receipt("One. Two.", 0.2, interrupted=False, dropped=None)),
        said(Receipt("Two.", 0.05, interrupted=True, dropped=None), cut=0.05),
        said(Receipt("", 0.0, interrupted=False, dropped="voice_failed")),
    ],
    ids=[
        "nothing heard",
        "another sound",
        "a part is missing",
        "no receipt",
        "two receipts",
        "never started",
        "started twice",
        "stopped without clear",
        "cleared and heard",
        "text is missing",
        "longer than it was",
        "another text",
        "dropped",
    ],
)
def test_a_saying_that_is_not_as_its_receipt_says_has_a_fault(saying: Saying) -> None:
    assert saying.fault({"One. Two.": bytes(800)}) is not None


def test_a_saying_must_sound_as_it_did_before() -> None:
    recordings: dict[str, bytes] = {}
    assert said(HEARD).fault(recordings) is None
    assert said(HEARD, audio=b"x" * 800).fault(recordings) is not None


def test_short_texts_are_never_the_same_and_long_ones_last() -> None:
    texts = Texts()
    assert len({texts.short() for _ in range(500)}) == 500
    assert len(texts.long(10)) >= 140
    assert len(texts.long(124)) <= 4000


@pytest.mark.slow
@pytest.mark.timeout(100)
def test_a_short_run_of_speech_finds_nothing_wrong() -> None:
    command = [sys.executable, str(SCRIPTS / "bench.py"), "--speech", "--json"]
    command += ["--calls", "4", "--seconds", "1", "--sayings", "4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)["speech"]
    assert measured["sayings"] > 50
    faults = ("wrong_sayings", "faults", "lost_frames", "lost_transcripts", "calls_ended_by_server")
    assert {each: measured[each] for each in faults} == dict.fromkeys(faults, 0), done.stderr
    assert set(measured["spoken_to"]) == {"cached", "eSpeak live"}
    assert measured["spoken_to"]["cached"]["pieces"] > 0
    assert len(measured["first_sounds"]["calls"]["delays"]) == 5
    assert [measured["interruptions"][load]["unseen"] for load in ("idle", "calls")] == [0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("server", ["bridge", "phonegame"])
def test_a_short_run_counts_every_frame_and_loses_none(server: str) -> None:
    command = [sys.executable, str(SCRIPTS / "bench.py"), "--json", "--only", server]
    command += ["--calls", "4", "--seconds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    (measured,) = json.loads(done.stdout)["measurements"]
    assert measured["server"] == server
    assert measured["frames"] > 0
    assert measured["audio_delay"]["count"] > 0
    assert measured["transcript_delay"]["count"] > 0
    lost = ("lost_frames", "lost_transcripts", "faults", "calls_ended_by_server", "tail_frames_lost")
    assert [measured[each] for each in lost] == [0, 0, 0, 0, 0]
    assert measured["endings_unseen"] == 0
    assert measured["hang_up_to_deepgram"]["count"] == 2
    assert measured["game_gone_to_code_free"]["count"] == 2
    assert f"{server}, 4 calls" in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(100)
def test_a_short_run_of_two_workers_has_calls_across_them_and_loses_none() -> None:
    needed_program("redis-server")
    command = [sys.executable, str(SCRIPTS / "bench.py"), "--workers", "--json", "--calls", "8", "--seconds", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    one, two = json.loads(done.stdout)["workers"]
    for measured in (one, two):
        lost = ("lost_frames", "lost_transcripts", "faults", "calls_ended_by_server")
        assert [measured[each] for each in lost] == [0, 0, 0, 0]
        assert measured["transcript_delay_within"]["count"] > 0
        assert measured["generator_cpu_share"] > 0
    assert one["transcript_delay_across"] is one["redis_commands_per_call_second"] is None
    assert two["transcript_delay_across"]["count"] > 0
    assert two["redis_commands_per_call_second"] > 0
    assert two["redis_commands_per_second_idle"] > 0
