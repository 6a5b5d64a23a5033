from __future__ import annotations

import base64

import pytest
from trio.testing import MockClock

from phonegame.audio import SILENCE
from phonegame.local.phone import Quirks, place_call
from phonegame.local.phone.quirks import add_track, delay_every, duplicate_every, lose_every, skip_time
from tests.local.phone.far_end import FarEnd, in_memory

URL = "ws://127.0.0.1/twilio"


async def call(quirks: Quirks, seconds: float = 0.35) -> FarEnd:
    async with in_memory() as (far, stream):
        async with place_call(URL, stream=stream, quirks=quirks) as phone:
            await phone.pause(seconds)
        await far.closed.wait()
    return far


def chunks(far: FarEnd) -> list[int]:
    return [int(message["media"]["chunk"]) for message in far.of("media")]


async def test_close_before_start(autojump_clock: MockClock) -> None:
    far = await call(Quirks(starts=0))
    assert [message["event"] for message in far.messages] == ["connected"]
    assert far.close_code == 1000


async def test_duplicate_start(autojump_clock: MockClock) -> None:
    far = await call(Quirks(starts=2))
    assert [message["sequenceNumber"] for message in far.of("start")] == ["1", "2"]


async def test_no_stop(autojump_clock: MockClock) -> None:
    far = await call(Quirks(stop=False))
    assert far.of("stop") == []
    assert far.close_code == 1000


async def test_numeric_counters(autojump_clock: MockClock) -> None:
    far = await call(Quirks(numeric_counters=True))
    assert far.of("media")[0]["media"]["timestamp"] == 100


async def test_silent_phone_sends_only_what_it_is_given(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream):
        async with place_call(URL, stream=stream, quirks=Quirks(silent=True)) as phone:
            await phone.send_raw("{garbage")
            await phone.send_raw(b"\x00\x01")
            await phone.pause(1)
        await far.closed.wait()
    assert far.raw == ["{garbage", b"\x00\x01"]


async def test_many_raw_messages_keep_their_order_and_do_not_hasten_the_frames(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream):
        async with place_call(URL, stream=stream) as phone:
            for n in range(100):
                await phone.send_raw(f'{{"event": "raw{n}"}}')
            assert phone.seconds < 0.1
            await phone.pause(0.3)
        await far.closed.wait()
    raw = [message["event"] for message in far.messages if message["event"].startswith("raw")]
    assert raw == [f"raw{n}" for n in range(100)]
    assert chunks(far)[:5] == [1, 2, 3, 4, 5]


async def test_odd_chunk_sizes_keep_the_time(autojump_clock: MockClock) -> None:
    far = await call(Quirks(frame_bytes=(7, 160, 333)))
    sizes = [len(base64.b64decode(message["media"]["payload"])) for message in far.of("media")]
    assert sizes[:4] == [7, 160, 333, 7]
    assert [message["media"]["timestamp"] for message in far.of("media")][:4] == ["100", "100", "120", "162"]


@pytest.mark.parametrize(
    ("mangle", "expected"),
    [
        pytest.param(duplicate_every(3), [1, 2, 3, 3, 4, 5, 6, 6], id="duplicate"),
        pytest.param(lose_every(3), [1, 2, 4, 5, 7, 8], id="lost"),
        pytest.param(delay_every(3, by=2), [1, 2, 4, 5, 3, 7, 8, 6], id="late"),
        pytest.param(delay_every(2, by=4), [1, 3, 5, 2, 7, 4], id="late by more than their distance"),
    ],
)
async def test_frames_can_be_mangled(mangle: object, expected: list[int], autojump_clock: MockClock) -> None:
    far = await call(Quirks(mangle=mangle))  # type: ignore[arg-type]
    assert chunks(far)[: len(expected)] == expected


async def test_other_track(autojump_clock: MockClock) -> None:
    far = await call(Quirks(mangle=add_track("outbound", b"\x10" * 160)))
    assert [message["media"]["track"] for message in far.of("media")][:4] == ["inbound", "outbound"] * 2
    assert base64.b64decode(far.of("media")[0]["media"]["payload"]) == SILENCE * 160


async def test_gap_in_the_timestamps(autojump_clock: MockClock) -> None:
    far = await call(Quirks(mangle=skip_time(after_chunk=2, ms=1000)))
    assert [message["media"]["timestamp"] for message in far.of("media")][:4] == ["100", "120", "1140", "1160"]


def test_frame_sizes_are_checked() -> None:
    with pytest.raises(ValueError, match="frame_bytes"):
        Quirks(frame_bytes=(160, 0))


async def test_held_marks_come_when_they_are_let_go(autojump_clock: MockClock) -> None:
    async with in_memory() as (far, stream):
        async with place_call(URL, stream=stream, quirks=Quirks(holds_marks=True)) as phone:
            await far.started.wait()
            await far.mark("a")
            await phone.pause(0.1)
            assert (phone.marks, far.of("mark")) == ([], [])
            await phone.let_marks_go()
            await phone.wait_mark("a")
        await far.closed.wait()
    assert [message["mark"]["name"] for message in far.of("mark")] == ["a"]
