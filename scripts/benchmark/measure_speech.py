"""Measures how phonegame speaks, with so many calls, from the server's start to its end."""

from __future__ import annotations

import re

from .aura import AuraService
from .loop import Loop
from .measure import generator
from .peers import SpeechService
from .report import delays
from .server import Server, cores, running
from .speech_report import FirstSounds, Interruptions, SpeechMeasurement, SpokenTo
from .speech_run import Around, SpeechRun
from .spoken_texts import Texts
from .traffic import MediaFrames

IDLE_CALLS = 24
_MARGIN_SECONDS = 4.0
_INTERRUPTED_SECONDS = 5.0
_SENTENCE_END = re.compile(r"(?<=\.) ")
_AURA = "aura-2-thalia-en"

_SETTINGS = {"PHONEGAME_VOICE": "espeak", "PHONEGAME_INTERRUPT": "words", "PHONEGAME_INTERRUPT_WORDS": "1"}


def measure_speech(calls: int, seconds: float, sayings: int) -> SpeechMeasurement:
    """`sayings`: how many first sounds and interruptions are measured of each kind; twice as many with all calls.

    Raises `BenchError` when the server cannot be started or does not do its work.
    """
    with generator() as loop:
        speech, aura = SpeechService(loop), AuraService(loop)
        settings = _SETTINGS | {"DEEPGRAM_SPEAK_URL": aura.url}
        with running("phonegame", speech.url, codes=max(calls, IDLE_CALLS), settings=settings) as server:
            return _Measuring(loop, server, speech, aura, calls, seconds, sayings).measure()


class _Measuring:
    def __init__(
        self,
        loop: Loop,
        server: Server,
        speech: SpeechService,
        aura: AuraService,
        calls: int,
        seconds: float,
        sayings: int,
    ) -> None:
        self._loop = loop
        self._server = server
        self._speech = speech
        self._aura = aura
        self._calls = calls
        self._seconds = seconds
        self._sayings = sayings
        self._frames = MediaFrames()
        self._texts = Texts()
        self._known = self._texts.short()
        self._known_long = self._texts.long(seconds + _MARGIN_SECONDS)
        self._interrupted = self._texts.long(_INTERRUPTED_SECONDS)
        self._recordings: dict[str, bytes] = {}

    def measure(self) -> SpeechMeasurement:
        idle = self._begin(IDLE_CALLS)
        idle.learn([self._known, *(each for text in (self._known_long, self._interrupted) for each in _cut(text))])
        idle_first = self._first_sounds(idle, self._sayings, 0.05)
        idle_interrupted = self._interruptions(idle, self._sayings, 0.05)
        idle_wrong = idle.audit()
        idle.hang_up()

        run = self._begin(self._calls)
        first = self._first_sounds(run, 2 * self._sayings, 0.02)
        without = run.without_speech(self._seconds)
        spoken_to = {
            "cached": self._spoken_to(run, without, "cached"),
            "eSpeak live": self._spoken_to(run, without, "eSpeak live"),
        }
        interrupted = self._interruptions(run, 2 * self._sayings, 0.02)
        gone = run.callers_gone()
        lost_frames, lost_transcripts = run.drain()
        wrong = run.audit()
        return SpeechMeasurement(
            pinned=cores() is not None,
            idle_calls=IDLE_CALLS,
            calls=self._calls,
            first_sounds={"idle": idle_first, "calls": first},
            without_speech=without,
            spoken_to=spoken_to,
            interruptions={"idle": idle_interrupted, "calls": interrupted},
            sayings=len(idle.speech.sayings) + len(run.speech.sayings),
            wrong_sayings=idle_wrong[0] + wrong[0],
            first_wrong=idle_wrong[1] or wrong[1],
            faults=idle.speech.faults + run.speech.faults,
            first_fault=idle.speech.first_fault or run.speech.first_fault,
            lost_frames=lost_frames,
            lost_transcripts=lost_transcripts,
            calls_ended_by_server=gone,
        )

    def _begin(self, calls: int) -> SpeechRun:
        run = SpeechRun(self._loop, self._server, self._frames, calls, self._aura, self._recordings)
        self._speech.claim = run.claim
        run.connect_games()
        run.dial()
        run.wait_for_prompts()
        return run

    def _first_sounds(self, run: SpeechRun, count: int, seconds: float) -> FirstSounds:
        around: dict[str, Around] = {
            "cached": run.first_sounds("cached", lambda: self._known, count, seconds),
            "eSpeak live": run.first_sounds("eSpeak live", self._texts.short, count, seconds),
            "Aura": run.first_sounds("Aura", self._texts.short, count // 2, seconds * 2, voice=_AURA),
        }
        found = {kind: each for kind, values in run.speech.first_sounds.items() if (each := delays(values)) is not None}
        return FirstSounds(found, delays(run.speech.aura_own), around)

    def _spoken_to(self, run: SpeechRun, without: Around, voice: str) -> SpokenTo:
        seconds = self._seconds + _MARGIN_SECONDS

        def make_text() -> str:
            return self._known_long if voice == "cached" else self._texts.long(seconds)

        spoken = run.speak_to_all(make_text, f"long, {voice}", self._seconds)
        pace = spoken.pace
        cpu_seconds = spoken.server_cpu_seconds - without.cpu_share * spoken.seconds
        return SpokenTo(
            pieces=pace.pieces,
            under_runs=len(pace.under_runs),
            longest_under_run_ms=max(pace.under_runs, default=0.0) * 1e3,
            largest_lead_ms=max(pace.leads, default=0.0) * 1e3,
            late=delays(pace.lateness),
            pauses=delays(pace.pauses),
            cpu_ms_per_spoken_second=cpu_seconds / spoken.spoken_seconds * 1e3,
            around=spoken.around,
        )

    def _interruptions(self, run: SpeechRun, count: int, seconds: float) -> Interruptions:
        delay, unseen, around = run.interruptions(self._interrupted, count, seconds)
        return Interruptions(delay, unseen, delays(run.receipt_errors()), around)


def _cut(text: str) -> list[str]:
    return _SENTENCE_END.split(text)
