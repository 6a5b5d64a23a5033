"""A run in which games speak: every other one phonegame.v1, the rest the text protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle

from .aura import AuraService
from .call import Call
from .errors import BenchError
from .loop import Loop, clock
from .peers import Game
from .playback import Pace
from .report import Delays, delays
from .run import Run, Usage
from .server import Server
from .spoken_call import SpeechProbe, SpokenCall, V1Game
from .timers import Timers
from .traffic import BYTES_PER_SECOND, MediaFrames

_END_SECONDS = 8.0
"""Within which a saying that is nearly through, or cleared, comes to its end."""
_INTERRUPT_AFTER_SECONDS = 0.7
_RAMP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Around:
    """How the server and the generator did in a phase."""

    cpu_share: float
    wait_share: float | None
    cpu_ms_per_call_second: float
    audio_delay: Delays | None
    transcript_delay: Delays | None
    generator_cpu_share: float
    generator_lateness: Delays | None


@dataclass(frozen=True, slots=True)
class Spoken:
    """What came of speaking to all calls at once. CPU and seconds: from the first word to the last receipt."""

    pace: Pace
    around: Around
    """Within the window in which all were being spoken to."""
    server_cpu_seconds: float
    seconds: float
    spoken_seconds: float
    """Of audio, over all calls."""


class SpeechRun(Run):
    """`audit` is to be called at the end: it finds what was lost or wrong."""

    def __init__(
        self,
        loop: Loop,
        server: Server,
        frames: MediaFrames,
        count: int,
        aura: AuraService,
        recordings: dict[str, bytes],
    ) -> None:
        super().__init__(loop, server, frames, count)
        self.speech = SpeechProbe()
        self.probe = self.speech
        self._recordings = recordings
        self._spoken: list[SpokenCall] = []
        self._timers = Timers()
        self._aura = aura

    def make_call(self, at: int, game: Game | None) -> Call:
        assert game is not None
        call = SpokenCall(at, self._count, self.speech, game, self._timers, self._aura)
        self._spoken.append(call)
        return call

    def game_kind(self, at: int) -> type[Game]:
        return Game if at % 2 else V1Game

    def wait_for_prompts(self) -> None:
        """Until the server has told every caller that he is in."""
        self._finish()
        self.speech.takes_prompts = False

    def learn(self, sentences: Sequence[str]) -> None:
        """Has each said once, to its end, which no caller speaks over: from then on it is in the server's cache."""
        for sentence in sentences:
            call = self._next_free(self._spoken[::2])
            call.say(sentence, "learned", interruptible=False)
        self._finish()
        self.speech.first_sounds.clear()

    def first_sounds(
        self, kind: str, make_text: Callable[[], str], count: int, seconds: float, voice: str | None = None
    ) -> Around:
        """Has `count` sayings said, one every so many seconds, by v1 and text games in turn; by v1 with a voice."""
        v1_calls, text_calls = self._spoken[::2], self._spoken[1::2]
        turns = cycle([v1_calls] if voice else [v1_calls, text_calls])
        began = self._begin()
        for _ in self._paced(count, seconds):
            call = self._next_free(next(turns))
            protocol = "v1" if call.is_v1 else "text"
            call.say(make_text(), f"{protocol}, {kind}", voice=voice, interruptible=False, clear_at_once=True)
        around = self._end(began)
        self._finish()
        return around

    def without_speech(self, seconds: float) -> Around:
        began = self._begin()
        self._turn_for(seconds)
        return self._end(began)

    def speak_to_all(self, make_text: Callable[[], str], kind: str, seconds: float) -> Spoken:
        """Speaks to all calls at once. The texts last longer than `_RAMP_SECONDS` and `seconds`."""
        pace = self.speech.pace = Pace()
        before, sayings_before = self._usage(), len(self.speech.sayings)
        self._let_text_callers_talk(False)
        for at in self._paced(self._count, _RAMP_SECONDS / self._count):
            self._spoken[at].say(make_text(), kind, interruptible=False)
        self._turn_for(_RAMP_SECONDS / 2)
        began = self._begin()
        self._turn_for(seconds)
        around = self._end(began)
        if any(call.is_free for call in self._spoken):
            raise BenchError(f"a text was spoken in less than {seconds + _RAMP_SECONDS:.0f} s: there is no steady pace")
        self._finish()
        usage = self._usage().since(before)
        self._let_text_callers_talk(True)
        self.speech.pace = None
        spoken = sum(len(saying.audio) for saying in self.speech.sayings[sayings_before:]) / BYTES_PER_SECOND
        return Spoken(pace, around, usage.server_cpu_seconds, usage.seconds, spoken)

    def interruptions(self, text: str, count: int, seconds: float) -> tuple[Delays | None, int, Around]:
        """While all calls are spoken to, one caller every so many seconds speaks over it, and is told it again.

        The delays up to `clear`, and how many were without effect.
        """
        for call in self._spoken:
            call.talks = False
        for at in self._paced(self._count, _RAMP_SECONDS / self._count):
            self._spoken[at].say(text, "interrupted")
        turns = cycle(self._spoken)
        before = len(self.speech.interruptions)
        began = self._begin()
        for _ in self._paced(count, seconds):
            self._say_again(text)
            call = next(turns)
            self._turn_until(partial(self._can_interrupt, call, text), _END_SECONDS, "a text was never heard")
            call.speak_over()
        around = self._end(began)
        self._turn_for(_RAMP_SECONDS)
        found = self.speech.interruptions[before:]
        self._end_long_sayings()
        return delays(found), count - len(found), around

    def hang_up(self) -> None:
        """All callers; then everybody goes."""
        for call in self._spoken:
            call.hang_up()
        self._turn_until(
            lambda: len(self.probe.hang_ups) == self._count, _END_SECONDS, "Deepgram was not told that callers hung up"
        )
        self.leave()

    def audit(self) -> tuple[int, str | None]:
        """How many sayings were not said as they should have been, or not reported so; and the first of them."""
        faults = [
            f"{saying.kind}: {fault}"
            for saying in self.speech.sayings
            if (fault := saying.fault(self._recordings)) is not None
        ]
        return len(faults), faults[0] if faults else None

    def receipt_errors(self) -> list[float]:
        """How far off receipts of interrupted sayings were, in seconds."""
        return [
            abs(receipt.seconds - saying.heard_until_clear)
            for saying in self.speech.sayings
            if saying.heard_until_clear is not None
            for receipt in saying.receipts
            if receipt.interrupted
        ]

    def _can_interrupt(self, call: SpokenCall, text: str) -> bool:
        self._say_again(text)
        return call.has_heard(_INTERRUPT_AFTER_SECONDS)

    def _say_again(self, text: str) -> None:
        for call in self._spoken:
            if call.is_free:
                call.say(text, "interrupted")

    def _end_long_sayings(self) -> None:
        self._turn_until(
            lambda: all(call.is_free or call.has_heard(_INTERRUPT_AFTER_SECONDS) for call in self._spoken),
            _END_SECONDS,
            "a text was never heard",
        )
        for call in self._spoken:
            if call.is_v1:
                call.clear()
            elif not call.is_free:
                call.speak_over()
        self._finish()
        for call in self._spoken:
            call.talks = True

    def _let_text_callers_talk(self, do: bool) -> None:
        """What is said in that protocol stops when the caller speaks."""
        for call in self._spoken:
            call.talks = do or call.is_v1

    def _next_free(self, calls: Sequence[SpokenCall]) -> SpokenCall:
        """The one that has been free for longest."""
        found: list[SpokenCall] = []

        def find() -> bool:
            found[:] = [call for call in calls if call.is_free]
            return bool(found)

        self._turn_until(find, _END_SECONDS, "no saying came to its end")
        return min(found, key=lambda call: call.said_at)

    def _finish(self) -> None:
        def all_free() -> bool:
            return all(call.is_free for call in self._spoken)

        began = clock()
        while not all_free() and clock() < began + _END_SECONDS * 4:
            self._turn()
        if not all_free():
            stuck = next(call for call in self._spoken if not call.is_free)
            self._server.check()
            raise BenchError(f"call {stuck.index}: a saying came to no end: {stuck.state()}")

    def _begin(self) -> Usage:
        self.probe.audio_delays, self.probe.transcript_delays, self.probe.lateness = [], [], []
        self.probe.since, self.probe.until = clock(), float("inf")
        return self._usage()

    def _end(self, began: Usage) -> Around:
        usage = self._usage().since(began)
        self.probe.until = clock()
        probe = self.probe
        wait = usage.server_wait_seconds
        return Around(
            cpu_share=usage.server_cpu_seconds / usage.seconds,
            wait_share=None if wait is None else wait / usage.seconds,
            cpu_ms_per_call_second=usage.server_cpu_seconds / self._count / usage.seconds * 1e3,
            audio_delay=delays(probe.audio_delays),
            transcript_delay=delays(probe.transcript_delays),
            generator_cpu_share=usage.generator_cpu_seconds / usage.seconds,
            generator_lateness=delays(probe.lateness),
        )

    def _turn(self) -> None:
        self._timers.run(clock())
        super()._turn()
