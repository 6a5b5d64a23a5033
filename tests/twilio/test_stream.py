from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from phonegame.audio import FRAME_BYTES
from phonegame.twilio.messages import Dtmf, Mark, Start, Stop, media_message
from phonegame.twilio.stream import MAX_MALFORMED, MAX_MESSAGE_LENGTH, StreamReader

START = '{"event":"start","start":{"streamSid":"MZ1","callSid":"CA1"}}'


def media(payload: bytes, timestamp: int, track: str = "inbound") -> str:
    message = json.loads(media_message("MZ1", payload))
    message["media"] |= {"timestamp": str(timestamp), "track": track}
    return json.dumps(message)


def test_a_batch_gives_its_audio_in_one_piece_and_the_rest_in_order() -> None:
    reader = StreamReader()
    audio, happenings = reader.read(
        [
            '{"event":"connected"}',
            START,
            media(b"a" * FRAME_BYTES, 100),
            '{"event":"dtmf","dtmf":{"digit":"4"}}',
            media(b"b" * FRAME_BYTES, 120),
            '{"event":"mark","mark":{"name":"m"}}',
            '{"event":"stop"}',
        ]
    )
    assert audio == b"a" * FRAME_BYTES + b"b" * FRAME_BYTES
    assert happenings == [Start(stream_sid="MZ1", call_sid="CA1"), Dtmf("4"), Mark("m"), Stop()]
    assert reader.malformed == 0


def test_other_tracks_are_not_heard() -> None:
    assert StreamReader().read([media(b"a" * FRAME_BYTES, 100, "outbound")]) == (b"", [])


def test_a_second_start_is_ignored() -> None:
    reader = StreamReader()
    assert len(reader.read([START])[1]) == 1
    assert reader.read([START]) == (b"", [])


def test_another_media_format_is_malformed() -> None:
    reader = StreamReader()
    start = '{"event":"start","start":{"streamSid":"MZ1","mediaFormat":{"encoding":"audio/x-l16"}}}'
    assert reader.read([start]) == (b"", [])
    assert reader.malformed == 1


def test_malformed_messages_are_counted_and_cost_nothing_else() -> None:
    reader = StreamReader()
    audio, _ = reader.read(["nonsense", media(b"a" * FRAME_BYTES, 100), "", "x" * (MAX_MESSAGE_LENGTH + 1)])
    assert audio == b"a" * FRAME_BYTES
    assert reader.malformed == 3
    assert not reader.flooded


def test_a_flood_of_malformed_messages_is_noticed() -> None:
    reader = StreamReader()
    reader.read(["nonsense"] * MAX_MALFORMED)
    assert not reader.flooded
    reader.read(["nonsense"])
    assert reader.flooded


@given(st.lists(st.text(), max_size=5))
def test_read_never_raises(batch: list[str]) -> None:
    StreamReader().read(batch)
