"""A call in which the caller talks with a character: asks, listens, and now and then speaks over the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .call import Probe
from .hearing import HearingCall
from .loop import clock
from .peers import Caller
from .spoken_texts import silent_result, speech_started, stop_result
from .talk_texts import ANSWERS, GREETING, HOUSE_COUNT, STORIES, STORY_COUNT, question, result
from .timers import Timers
from .traffic import BYTES_PER_SECOND, FRAME_SECONDS
from .websocket import TEXT, server_frame

PAUSE_SECONDS = 0.5
"""Of the caller's, behind an answer."""
ASKING_SECONDS = 0.6
SPEAK_OVER_SECONDS = 0.9
"""So much of a story is heard before the caller speaks over it."""


@dataclass(slots=True)
class Turn:
    """`sent_at`: when the result was sent that ends the caller's turn."""

    question: str
    answer: str
    sent_at: float
    waited_then: float = 0.0
    """How long the server had stood in line for its core when that was sent."""
    waited_at_first: float = 0.0
    """And, at least, when the first sound came."""
    is_spoken_over: bool = False
    first_at: float | None = None
    audio: bytearray = field(default_factory=bytearray)
    marks: int = 0
    is_over: bool = False

    @property
    def is_sent(self) -> bool:
        return self.marks == self.answer.count(".")

    def fault(self, recordings: dict[str, bytes]) -> str | None:
        """None: all is right. `recordings` has what answers sound like, and learns those that were heard to the end."""
        heard = bytes(self.audio)
        if not heard or not (self.is_spoken_over or self.is_sent):
            return f"{len(heard)} bytes and {self.marks} sentences were heard of an answer"
        if not self.question:
            # the greeting, which more than one call has had made at a time: eSpeak NG never does that twice alike
            return None
        if self.is_spoken_over and self.answer not in recordings:
            return "it was spoken over before it was known"
        recording = recordings.setdefault(self.answer, heard)
        is_right = recording.startswith(heard) if self.is_spoken_over else recording == heard
        return None if is_right else f"{len(heard)} bytes were heard that are not those of the right answer"


@dataclass(slots=True)
class TalkProbe(Probe):
    turns: list[Turn] = field(default_factory=list)
    interruptions: list[float] = field(default_factory=list)
    core_wait: Callable[[], float] = lambda: 0.0
    """How long the server has stood in line for its core, in all."""
    unseen: int = 0
    """Answers that were spoken over, and went on."""


class TalkingCall(HearingCall):
    """Asks from `talk` until `rest`, one question after the other."""

    def __init__(self, index: int, calls: int, probe: TalkProbe, timers: Timers) -> None:
        super().__init__(index, calls, probe, None, timers)
        self.turns: list[Turn] = [Turn("", GREETING, clock())]
        """The greeting first."""
        self._talk = probe
        self._talks = self._is_asking = False
        self._lessons: list[str] | None = None
        self._speaks_from = 0.0
        self._spoke_over_at: float | None = None

    @property
    def patched(self) -> bool:
        return self.is_at_rest

    @property
    def is_at_rest(self) -> bool:
        """Nothing is said, and nothing is to be."""
        return self.turns[-1].is_over and not self._is_asking and self._spoke_over_at is None

    def talk(self, after: float, lessons: Sequence[str] | None = None) -> None:
        """`lessons`: asks for these, once each, and hears every answer to its end."""
        self._talks, self._lessons = True, None if lessons is None else list(lessons)
        self._timers.at(clock() + after, self._begin_question)

    def rest(self) -> None:
        self._talks = False

    def state(self) -> str:
        turn = self.turns[-1]
        return (
            f"call {self.index}, turn {len(self.turns) - 1}: {len(turn.audio)} bytes and {turn.marks} of "
            f"{turn.answer.count('.')} sentences came, {'over' if turn.is_over else 'not over'}"
            f"{', being spoken over' if self._spoke_over_at is not None else ''}"
        )

    # the caller

    @property
    def _heard_until(self) -> float:
        return self.frames_arrived * FRAME_SECONDS

    def _begin_question(self) -> None:
        if self._talks and self.is_at_rest and self._lessons != []:
            self._is_asking = True
            self._speaks_from = self._heard_until
            self._tell(speech_started(self._speaks_from))
            self._timers.at(clock() + ASKING_SECONDS / 2, self._go_on_asking)
            self._timers.at(clock() + ASKING_SECONDS, lambda: self._ask(interrupts=False))

    def _go_on_asking(self) -> None:
        self._tell(result("This is caller", self._speaks_from, self._heard_until, is_final=False))

    def _ask(self, *, interrupts: bool) -> None:
        number = len(self.turns)
        about = self._lessons.pop() if self._lessons else self._next_about(number)
        text = question(self.index, number, about, interrupts=interrupts)
        message = server_frame(TEXT, result(text, self._speaks_from, self._heard_until, is_final=True))
        turn = Turn(text, ANSWERS[about], clock(), self._talk.core_wait())
        self._is_asking = False
        self.turns.append(turn)
        self._talk.turns.append(turn)
        if self.listener is not None:
            self.listener.send(message)

    def _next_about(self, number: int) -> str:
        if (self.index + number) % 3 == 0:
            return f"story {number % STORY_COUNT}"
        return f"house {(self.index + number) % HOUSE_COUNT}"

    def _speak_over(self, turn: Turn) -> None:
        if turn.is_over or not self._talks:
            return
        turn.is_spoken_over = self._is_asking = True
        self._speaks_from = self._heard_until - 0.3
        self._tell(speech_started(self._speaks_from))
        self._spoke_over_at = clock()
        self._tell(stop_result(self._heard_until, is_final=False))

    def _tell(self, message: bytes) -> None:
        if self.listener is not None:
            self.listener.send(server_frame(TEXT, message))

    def _send_result(self) -> None:
        """Once in a second: silence, while the caller says nothing."""
        if not self._is_asking and self._heard_until > 1.5:
            self._tell(silent_result(self._heard_until))

    def _send_keys(self, caller: Caller) -> None:
        """There is no code."""

    # the phone

    def _hear(self, audio: bytes, now: float) -> None:
        turn = self.turns[-1]
        if turn.is_over:
            self._talk.fault(f"call {self.index}: {len(audio)} bytes came that answer nothing")
            return
        if turn.first_at is None:
            turn.first_at = arrived_at = self.caller.arrived_at if self.caller is not None else now
            turn.waited_at_first = self._talk.core_wait() - (now - arrived_at)
            if turn.answer in STORIES and self._lessons is None:
                self._timers.at(now + SPEAK_OVER_SECONDS, lambda: self._speak_over(turn))
        self.playback.media(len(audio), now, None, is_first=not turn.audio)
        turn.audio += audio

    def _mark(self, name: str) -> None:
        super()._mark(name)
        self.turns[-1].marks += 1

    def _return_mark(self, name: str) -> None:
        super()._return_mark(name)
        turn = self.turns[-1]
        if not turn.is_over and turn.is_sent and self.playback.is_silent:
            turn.is_over = True
            if self._spoke_over_at is not None:
                self._talk.unseen += 1
                self._spoke_over_at, self._is_asking = None, False
                # those words were nothing
                self._send_result()
            self._timers.at(clock() + PAUSE_SECONDS, self._begin_question)

    def _clear(self, now: float) -> float:
        unplayed = super()._clear(now)
        turn = self.turns[-1]
        if self._spoke_over_at is None:
            self._talk.fault(f"call {self.index}: {unplayed * BYTES_PER_SECOND:.0f} bytes were cleared for no reason")
        else:
            cleared_at = self.caller.arrived_at if self.caller is not None else now
            self._talk.interruptions.append(cleared_at - self._spoke_over_at)
            turn.is_over, self._spoke_over_at = True, None
            self._timers.at(now + ASKING_SECONDS, lambda: self._ask(interrupts=True))
        return unplayed
