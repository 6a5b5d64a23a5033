"""A call on the virtual clock that is recorded: the real tape between a caller who sends frames and the real speaker,
whose audio a Twilio in memory plays.

The phone keeps a recording of its own: what was heard, and silence where nothing was.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio

from phonegame.audio import BYTES_PER_SECOND, FRAME_BYTES, FRAME_MS, SILENCE
from phonegame.recording.tape import Tape
from tests.speak.fake_twilio import FakeTwilio
from tests.speak.fake_voice import FakeVoice
from tests.speak.spoken_call import SpokenCall, spoken_call

FRAME_SECONDS = FRAME_MS / 1000


class RecordingTwilio(FakeTwilio):
    """Places what it plays on its own time line, which begins with the stream."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.began = trio.current_time()
        self._stretches: list[tuple[float, int]] = []

    def _play(self, audio: bytes) -> None:
        fresh = self._now() > self.plays_until + 1e-9
        super()._play(audio)
        if fresh:
            self._stretches.append((self._plays_since, len(self._played)))

    def heard_until(self, at: float) -> bytes:
        """From the stream's beginning, in its seconds: mu-law."""
        line = bytearray(SILENCE * round(at * BYTES_PER_SECOND))
        played = bytes(self._played + self._buffer)
        ends = [place for _, place in self._stretches[1:]] + [len(played)]
        for (since, first), last in zip(self._stretches, ends, strict=True):
            begin = round((since - self.began) * BYTES_PER_SECOND)
            sound = played[first:last][: max(len(line) - begin, 0)]
            line[begin : begin + len(sound)] = sound
        return bytes(line)


class TapedCall:
    """`late`: number of a frame -> seconds that it is held up on its way, beside the delay of all."""

    def __init__(self, call: SpokenCall, delay: float, late: Callable[[int], float]) -> None:
        self.call = call
        self.delay = delay
        self.said = bytearray()
        """What the caller has sent, as far as it has arrived."""
        self.tape: Tape | None = None
        self.left = bytearray()
        self.right = bytearray()
        self._late = late
        self._begun_at = 0

    async def send_frames(self) -> None:
        """Each when it has been said, behind the one before."""
        noise, began = random.Random(3), trio.current_time()
        number = 0
        while True:
            number += 1
            await trio.sleep_until(began + number * FRAME_SECONDS + self.delay + self._late(number))
            frame = noise.randbytes(FRAME_BYTES)
            self.said += frame
            if self.tape is not None:
                self.tape.hear_nowait(frame, trio.current_time())

    def listen(self) -> None:
        """The tape learns the time, and what is on its way."""
        self.tape = self.call.speaker.tape = Tape(len(self.said), trio.current_time())
        self.tape.on_ready = self._take

    def record(self) -> None:
        assert self.tape is not None
        self.tape.begin_nowait(trio.current_time())
        self._begun_at = round(self.tape.began_at * BYTES_PER_SECOND)

    def _take(self, *, rest: bool = False) -> None:
        assert self.tape is not None
        left, right = self.tape.take(rest=rest)
        self.left += left
        self.right += right

    def stop(self) -> None:
        self.call.speaker.close_nowait()
        self._take(rest=True)
        assert self.tape is not None
        assert len(self.left) == len(self.right) == round(self.tape.seconds * BYTES_PER_SECOND)
        said = self.said[self._begun_at :]
        assert self.left[: len(said)] == said
        assert not self.left[len(said) :].strip(SILENCE)
        # what is said last is heard while the last frame is on its way
        assert len(self.left) - len(said) <= FRAME_BYTES + 2 * round(self.delay * BYTES_PER_SECOND)
        del self.right[len(said) :]

    @property
    def heard(self) -> bytes:
        """By the phone, while it was recorded."""
        assert isinstance(self.call.twilio, RecordingTwilio)
        return self.call.twilio.heard_until(len(self.said) / BYTES_PER_SECOND)[self._begun_at :]


@asynccontextmanager
async def taped_call(
    voice: FakeVoice | None = None, *, delay: float = 0.0, late: Callable[[int], float] = lambda number: 0.0
) -> AsyncIterator[TapedCall]:
    async with spoken_call(voice, twilio=RecordingTwilio, delay=delay) as call, trio.open_nursery() as nursery:
        taped = TapedCall(call, delay, late)
        nursery.start_soon(taped.send_frames)
        yield taped
        nursery.cancel_scope.cancel()
