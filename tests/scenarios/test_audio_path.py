"""What Deepgram receives is what the caller said: byte for byte, at its time, whatever Twilio's frames look like."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from phonegame.audio import BYTES_PER_MS, BYTES_PER_SECOND, FRAME_BYTES, SILENCE
from phonegame.local.phone import Frame, Quirks
from phonegame.local.phone.quirks import Mangle, add_track, delay_every, duplicate_every, lose_every, skip_time
from phonegame.local.speech.script import CloseAfter, Plan, Script, refuse
from tests.house import House, open_house

NOISE = random.Random(7).randbytes(BYTES_PER_SECOND).translate(bytes(0x20 + byte % 0x5F for byte in range(256)))
"""A second in which no two places look alike, and without the control characters of a marked word."""
LEAST_PIECE, LARGEST_PIECE = 20 * BYTES_PER_MS, 250 * BYTES_PER_MS


@dataclass
class Tape:
    """Records the frames as they were before a `mangle` spoiled them."""

    spoil: Mangle = lambda frame: [frame]
    frames: list[Frame] = field(default_factory=list)

    def __call__(self, frame: Frame) -> Sequence[Frame]:
        self.frames.append(frame)
        return self.spoil(frame)

    def audio(self, wanted: Callable[[Frame], bool] = lambda _: True) -> bytes:
        """All that was said; silence where a frame is not `wanted`."""
        return b"".join(f.payload if wanted(f) else SILENCE * len(f.payload) for f in self.frames)


async def call(house: House, tape: Tape, *, until_connection: int = 0, **quirks: Any) -> None:
    """Says the noise, and hangs up once Deepgram has been connected to so often."""
    async with house.phone(Quirks(mangle=tape, **quirks)) as caller:
        await caller.phone.play(NOISE)
        await house.speech.connection(until_connection)


async def received(house: House, number: int = 0) -> bytes:
    record = await house.speech.connection(number)
    await record.wait_closed()
    return bytes(record.audio)


@pytest.mark.parametrize("sizes", [(160,), (80,), (320,), (4000,), (159, 161, 33, 400)], ids=str)
async def test_every_size_of_frame_arrives_as_it_was_sent(sizes: tuple[int, ...]) -> None:
    tape = Tape()
    async with open_house() as house:
        await call(house, tape, frame_bytes=sizes)
        assert await received(house) == tape.audio()


async def test_counters_may_be_numbers() -> None:
    tape = Tape(duplicate_every(3))
    async with open_house() as house:
        await call(house, tape, numeric_counters=True)
        assert await received(house) == tape.audio()


async def test_pieces_are_as_long_as_deepgram_likes_them() -> None:
    async with open_house() as house:
        await call(house, Tape())
        sizes = [size for _, size in (await house.speech.connection(0)).audio_frames]
        assert min(sizes) >= LEAST_PIECE
        assert max(sizes) <= LARGEST_PIECE


async def test_frames_that_come_twice_are_heard_once() -> None:
    tape = Tape(duplicate_every(3))
    async with open_house() as house:
        await call(house, tape)
        assert await received(house) == tape.audio()


async def test_lost_frames_become_silence() -> None:
    tape = Tape(lose_every(4))
    async with open_house() as house:
        await call(house, tape)
        heard = await received(house)
        expected = tape.audio(lambda frame: frame.chunk % 4 != 0)
        assert heard == expected[: len(heard)]
        assert len(expected) - len(heard) in (0, FRAME_BYTES)  # the last one may be among the lost


@pytest.mark.parametrize("by", [1, 3])
async def test_frames_that_come_late_are_silence_and_shift_nothing(by: int) -> None:
    tape = Tape(delay_every(7, by=by))
    async with open_house() as house:
        await call(house, tape)
        heard = await received(house)
        expected = tape.audio(lambda frame: frame.chunk % 7 != 0)
        assert heard == expected[: len(heard)]
        assert len(expected) - len(heard) in (0, FRAME_BYTES)


async def test_a_gap_in_time_becomes_silence() -> None:
    tape = Tape(skip_time(after_chunk=10, ms=300))
    async with open_house() as house:
        await call(house, tape)
        said, at = tape.audio(), 10 * FRAME_BYTES
        assert await received(house) == said[:at] + SILENCE * (300 * BYTES_PER_MS) + said[at:]


async def test_other_tracks_are_not_heard() -> None:
    tape = Tape(add_track("outbound", b"\x55" * FRAME_BYTES))
    async with open_house() as house:
        await call(house, tape)
        assert await received(house) == tape.audio()


async def test_a_second_start_changes_nothing() -> None:
    tape = Tape()
    async with open_house() as house:
        await call(house, tape, starts=2)
        assert await received(house) == tape.audio()


async def test_audio_without_a_start_and_without_time_stamps_is_heard() -> None:
    pieces = [NOISE[at : at + FRAME_BYTES] for at in range(0, 1600, FRAME_BYTES)]
    async with open_house() as house:
        async with house.phone(Quirks(silent=True)) as caller:
            for piece in pieces:
                payload = base64.b64encode(piece).decode()
                await caller.phone.send_raw(json.dumps({"event": "media", "media": {"payload": payload}}))
        assert await received(house) == NOISE[:1600]


@pytest.mark.parametrize(
    "fault",
    [Plan(drop_after=0.3), Plan(drop_after=0.777), Plan(close_after=CloseAfter(0.5)), refuse(503)],
    ids=["early", "late", "close", "refused"],
)
async def test_what_a_broken_connection_missed_is_sent_to_the_next_one(fault: Plan) -> None:
    tape = Tape()
    async with open_house(script=Script([fault]), drain_seconds=10) as house:
        await call(house, tape, until_connection=1)
        first, second = await received(house, 0), await received(house, 1)
        said = tape.audio()
        assert said.startswith(first)
        assert said.endswith(second)
        assert len(first) + len(second) >= len(said)


async def test_nothing_is_missed_however_often_the_connection_breaks() -> None:
    tape = Tape()
    script = Script([Plan(drop_after=0.3), Plan(close_after=CloseAfter(0.6)), Plan(drop_after=0.9)])
    async with open_house(script=script, drain_seconds=10) as house:
        await call(house, tape, until_connection=3)
        said, reached = tape.audio(), 0
        for number in range(4):
            piece = await received(house, number)
            at = said.index(piece) if piece else reached
            assert at <= reached
            reached = max(reached, at + len(piece))
        assert reached == len(said)
