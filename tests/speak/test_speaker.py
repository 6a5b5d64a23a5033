from __future__ import annotations

import base64
import json
import math

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from phonegame.audio import BYTES_PER_SECOND, FRAME_BYTES
from phonegame.speak.speaker import LEAD_SECONDS, MARK_SECONDS, PIECE_BYTES, Speaker


class Parrot:
    """A voice whose audio is `seconds` of numbered bytes."""

    def __init__(self, seconds: float) -> None:
        self.audio = bytes(index % 251 for index in range(round(seconds * BYTES_PER_SECOND)))

    async def synthesise(self, text: str) -> bytes:
        await trio.lowlevel.checkpoint()
        return self.audio


class Telephone:
    """Takes what a speaker sends, and knows when each message came and when its audio has been played."""

    def __init__(self) -> None:
        self.pieces: list[tuple[float, bytes]] = []
        self.marks: list[str] = []
        self.stream_sids: set[str] = set()
        self.plays_until = -math.inf
        self.longest_lead = 0.0
        self.gaps = 0

    async def send_text(self, text: str) -> None:
        message = json.loads(text)
        self.stream_sids.add(message["streamSid"])
        if message["event"] == "mark":
            self.marks.append(message["mark"]["name"])
            return
        assert message["event"] == "media"
        self._play(base64.b64decode(message["media"]["payload"]))

    def _play(self, audio: bytes) -> None:
        now = trio.current_time()
        self.gaps += self.plays_until < now - 1e-9 and bool(self.pieces)
        self.pieces.append((now, audio))
        self.plays_until = max(self.plays_until, now) + len(audio) / BYTES_PER_SECOND
        self.longest_lead = max(self.longest_lead, self.plays_until - now)

    @property
    def audio(self) -> bytes:
        return b"".join(audio for _, audio in self.pieces)


def begun(voice: Parrot, telephone: Telephone) -> Speaker:
    speaker = Speaker(voice, telephone.send_text)
    speaker.begin("MZ1")
    return speaker


@pytest.mark.parametrize("seconds", [0.01, 0.1, 1.0, 2.345])
async def test_the_bytes_sent_are_the_bytes_synthesised(seconds: float, autojump_clock: MockClock) -> None:
    voice, telephone = Parrot(seconds), Telephone()
    await begun(voice, telephone).say("hello")
    assert telephone.audio == voice.audio
    assert telephone.stream_sids == {"MZ1"}


async def test_every_piece_but_the_last_is_made_of_whole_frames(autojump_clock: MockClock) -> None:
    telephone = Telephone()
    await begun(Parrot(1.2345), telephone).say("hello")
    sizes = [len(audio) for _, audio in telephone.pieces]
    assert all(size % FRAME_BYTES == 0 for size in sizes[:-1])
    assert all(0 < size <= PIECE_BYTES for size in sizes)


async def test_audio_is_sent_just_ahead_of_its_playback(autojump_clock: MockClock) -> None:
    telephone = Telephone()
    began = trio.current_time()
    await begun(Parrot(3), telephone).say("hello")
    assert telephone.longest_lead <= LEAD_SECONDS + PIECE_BYTES / BYTES_PER_SECOND + 1e-9
    assert trio.current_time() - began == pytest.approx(3 - PIECE_BYTES / BYTES_PER_SECOND - LEAD_SECONDS)


async def test_sentences_follow_each_other_without_a_gap_and_without_a_longer_lead(
    autojump_clock: MockClock,
) -> None:
    telephone = Telephone()
    speaker = begun(Parrot(0.7), telephone)
    for _ in range(5):
        await speaker.say("hello")
    assert telephone.gaps == 0
    assert telephone.longest_lead <= LEAD_SECONDS + PIECE_BYTES / BYTES_PER_SECOND + 1e-9


async def test_a_sentence_after_silence_is_sent_at_once(autojump_clock: MockClock) -> None:
    telephone = Telephone()
    speaker = begun(Parrot(0.5), telephone)
    await speaker.say("hello")
    await trio.sleep(60)
    began = trio.current_time()
    await speaker.say("hello")
    assert telephone.pieces[5][0] == began
    assert telephone.longest_lead <= LEAD_SECONDS + PIECE_BYTES / BYTES_PER_SECOND + 1e-9


async def test_nothing_is_sent_before_the_stream_has_started(autojump_clock: MockClock) -> None:
    telephone = Telephone()
    speaker = Speaker(Parrot(0.1), telephone.send_text)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(speaker.say, "hello")
        await trio.sleep(5)
        assert telephone.pieces == []
        speaker.begin("MZ2")
    assert telephone.pieces[0][0] == trio.current_time()
    assert telephone.stream_sids == {"MZ2"}


async def test_without_a_voice_nothing_is_said(autojump_clock: MockClock) -> None:
    telephone = Telephone()
    speaker = Speaker(None, telephone.send_text)
    assert not speaker.has_voice
    await speaker.say("hello")
    await speaker.heard()
    assert (telephone.pieces, telephone.marks) == ([], [])


class TestHeard:
    async def test_it_waits_for_the_mark(self, autojump_clock: MockClock) -> None:
        telephone = Telephone()
        speaker = begun(Parrot(1), telephone)
        await speaker.say("hello")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(speaker.heard)
            await wait_all_tasks_blocked()
            returned_at = trio.current_time()
            speaker.mark_returned(telephone.marks[0])
        assert trio.current_time() == returned_at

    async def test_but_not_for_ever(self, autojump_clock: MockClock) -> None:
        telephone = Telephone()
        speaker = begun(Parrot(1), telephone)
        await speaker.say("hello")
        await speaker.heard()
        assert trio.current_time() == pytest.approx(telephone.plays_until + MARK_SECONDS)

    async def test_a_mark_of_something_else_does_not_count(self, autojump_clock: MockClock) -> None:
        telephone = Telephone()
        speaker = begun(Parrot(1), telephone)
        for _ in range(2):
            await speaker.say("hello")
            async with trio.open_nursery() as nursery:
                nursery.start_soon(speaker.heard)
                await wait_all_tasks_blocked()
                for name in ("somebody's", *telephone.marks[:-1]):
                    speaker.mark_returned(name)
                await wait_all_tasks_blocked()
                assert nursery.child_tasks
                speaker.mark_returned(telephone.marks[-1])
        assert len(set(telephone.marks)) == 2

    async def test_nothing_is_waited_for_where_all_has_been_played(self, autojump_clock: MockClock) -> None:
        telephone = Telephone()
        speaker = begun(Parrot(1), telephone)
        await speaker.say("hello")
        await trio.sleep(10)
        await speaker.heard()
        assert telephone.marks == []
