"""A call in which the game speaks: a caller who hears it, and now and then speaks over it."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from .aura import AuraService
from .call import Probe
from .hearing import HearingCall
from .loop import clock
from .peers import Game
from .playback import Pace
from .sayings import Receipt, Saying
from .spoken_texts import STOP_WORD, silent_result, speech_started, stop_result
from .timers import Timers
from .traffic import BYTES_PER_SECOND, FRAME_SECONDS
from .websocket import TEXT, client_frame, server_frame

_CLEAR = client_frame(TEXT, b'{"type":"clear"}')
_say_numbers = count(1)


@dataclass(slots=True)
class SpeechProbe(Probe):
    """Where the figures of one phase are gathered."""

    first_sounds: dict[str, list[float]] = field(default_factory=dict)
    """By kind of saying."""
    aura_own: list[float] = field(default_factory=list)
    """How long the stand-in for Aura took to answer; not in `first_sounds`."""
    pace: Pace | None = None
    interruptions: list[float] = field(default_factory=list)
    sayings: list[Saying] = field(default_factory=list)
    takes_prompts: bool = True
    """Whether the server itself speaks to callers, as it does until they are in."""


class V1Game(Game):
    """A game that speaks phonegame.v1."""

    subprotocol = "phonegame.v1"

    def on_frame(self, _opcode: int, payload: bytes) -> None:
        if self.code:
            self._on_message(payload)
        else:
            self.code = json.loads(payload)["code"]
            self._on_code(self)


class SpokenCall(HearingCall):
    """Its game has one saying at a time: the next one when `is_free`."""

    def __init__(
        self, index: int, calls: int, probe: SpeechProbe, game: Game, timers: Timers, aura: AuraService
    ) -> None:
        super().__init__(index, calls, probe, game, timers)
        self._of_game = game
        self.is_v1 = isinstance(game, V1Game)
        self.talks = True
        """Whether Deepgram has words of the caller's once in a second; silence otherwise."""
        self._speech = probe
        self._aura = aura
        self._saying: Saying | None = None
        self._spoke_at: float | None = None
        self._results_sent_at: deque[float] = deque()
        self._seq = 0

    # the game

    def say(
        self, text: str, kind: str, *, voice: str | None = None, interruptible: bool = True, clear_at_once: bool = False
    ) -> None:
        """A game that speaks the text protocol has none of the three."""
        say_id = f"bench-{next(_say_numbers)}"
        message = {"type": "say", "text": text, "say_id": say_id, "interruptible": interruptible}
        if voice is not None:
            message["voice"] = voice
        frame = client_frame(TEXT, json.dumps(message).encode() if self.is_v1 else text.encode())
        self._saying = Saying(say_id, text, kind, clock(), self.is_v1, clear_at_once and self.is_v1)
        self._speech.sayings.append(self._saying)
        self._of_game.send(frame)

    @property
    def is_free(self) -> bool:
        """Whether the caller has heard what there was to hear, and the game has been told."""
        saying = self._saying
        if saying is None:
            return self.playback.is_silent
        if saying.has_receipt:
            cut = any(receipt.interrupted or receipt.dropped for receipt in saying.receipts)
            return bool(saying.receipts) and (saying.was_cut or not cut)
        return saying.was_cut or (saying.is_sent and self.playback.is_silent)

    @property
    def said_at(self) -> float:
        """When its game said something last."""
        return self._saying.sent_at if self._saying is not None else 0.0

    def state(self) -> str:
        saying = self._saying
        if saying is None:
            return "nothing was said"
        return (
            f"{saying.kind}, {len(saying.audio)} bytes, {saying.marks} marks, {saying.starts} starts, "
            f"receipts {saying.receipts}, {'cut' if saying.was_cut else 'not cut'}"
        )

    def has_heard(self, seconds: float) -> bool:
        """Whether the saying has been playing for so long."""
        saying = self._saying
        if saying is None or not saying.audio or saying.was_cut:
            return False
        unplayed = max(self.playback.plays_until - clock(), 0.0)
        return len(saying.audio) / BYTES_PER_SECOND - unplayed >= seconds

    def clear(self) -> None:
        if self._saying is not None and not self.is_free:
            self._saying.clear_at_once = True
            self._of_game.send(_CLEAR)

    def on_message(self, payload: bytes) -> None:
        if not self.is_v1:
            super().on_message(payload)
            return
        event = json.loads(payload)
        self._seq += 1
        if event["seq"] != self._seq:
            self._speech.fault(f"call {self.index}: event {self._seq} was due, and {event['seq']} came")
        self._take_event(event)

    def _take_event(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "call_started":
                self._patched_after_frames = self.frames_sent
            case "say_started" if (saying := self._of(event)) is not None:
                saying.starts += 1
            case "say_finished" if (saying := self._of(event)) is not None:
                receipt = Receipt(event["heard"], event["seconds"], event["interrupted"], event["dropped"])
                saying.receipts.append(receipt)
            case "transcript":
                self._take_transcript(event)
            case "error":
                self._speech.fault(f"call {self.index}: an error came: {event['code']}: {event['message']}")

    def _of(self, event: dict[str, Any]) -> Saying | None:
        """What a receipt is for: a second one is always a fault, even much later."""
        saying = next((each for each in reversed(self._speech.sayings) if each.say_id == event["say_id"]), None)
        if saying is None:
            self._speech.fault(f"call {self.index}: {event['type']} came for a saying of which all was known")
        return saying

    def _take_transcript(self, event: dict[str, Any]) -> None:
        if not event["is_final"] or event["text"] == STOP_WORD:
            return
        if not self._results_sent_at:
            self._speech.fault(f"call {self.index}: a transcript came that nobody has sent: {event}")
            return
        self.results_arrived += 1
        sent = self._results_sent_at.popleft()
        if self._speech.holds(sent):
            self._speech.transcript_delays.append(clock() - sent)

    # Deepgram

    def speak_over(self) -> None:
        """One word of the caller's, which lies within what has been heard last."""
        if self.listener is not None:
            heard_until = self.frames_arrived * FRAME_SECONDS
            self.listener.send(server_frame(TEXT, speech_started(heard_until - 0.3)))
            self._spoke_at = clock()
            self.listener.send(server_frame(TEXT, stop_result(heard_until, is_final=False)))

    def _send_result(self) -> None:
        before = self.results_sent
        if self.talks:
            super()._send_result()
        elif self.listener is not None and self._spoke_at is None:
            self.listener.send(server_frame(TEXT, silent_result(self.frames_arrived * FRAME_SECONDS)))
        if self.is_v1 and self.results_sent > before:
            self._results_sent_at.append(clock())

    # the phone

    def _hear(self, audio: bytes, now: float) -> None:
        saying = self._saying
        if saying is None or self.is_free:
            if not self._speech.takes_prompts:
                self._speech.fault(f"call {self.index}: {len(audio)} bytes came that nobody has said")
            self.playback.media(len(audio), now, None, is_first=False)
            return
        self.playback.media(len(audio), now, self._speech.pace, is_first=not saying.audio)
        if not saying.audio:
            self._note_first_sound(saying, now)
        saying.audio += audio

    def _note_first_sound(self, saying: Saying, now: float) -> None:
        delay = now - saying.sent_at
        answer = self._aura.answers.get(saying.text)
        if answer is not None:
            own = answer.answered - answer.asked
            self._speech.aura_own.append(own)
            delay -= own
        self._speech.first_sounds.setdefault(saying.kind, []).append(delay)
        if saying.clear_at_once:
            self._of_game.send(_CLEAR)

    def _clear(self, now: float) -> float:
        unplayed = super()._clear(now)
        if self._saying is not None and not self._saying.was_cut:
            self._saying.heard_until_clear = len(self._saying.audio) / BYTES_PER_SECOND - unplayed
        if self._spoke_at is not None and self.listener is not None:
            self._speech.interruptions.append(now - self._spoke_at)
            self._spoke_at = None
            heard_until = self.frames_arrived * FRAME_SECONDS
            self.listener.send(server_frame(TEXT, stop_result(heard_until, is_final=True)))
        return unplayed

    def _mark(self, name: str) -> None:
        if self._saying is not None:
            self._saying.marks += 1
        super()._mark(name)
