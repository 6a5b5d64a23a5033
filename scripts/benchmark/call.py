"""One call of a run: what was sent for it, what of that has arrived, and when."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from math import inf

from . import traffic
from .loop import Loop, clock
from .peers import Address, Caller, Game, Listener
from .websocket import TEXT, server_frame


@dataclass(slots=True)
class Probe:
    """Where measured seconds are gathered: of what is sent from `since` until `until`, and of endings."""

    since: float = inf
    until: float = inf
    audio_delays: list[float] = field(default_factory=list)
    transcript_delays: list[float] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    hang_ups: list[float] = field(default_factory=list)
    codes_freed: list[float] = field(default_factory=list)
    tail_frames_lost: int = 0
    """Frames of callers who hung up that had not arrived when Deepgram was told so."""
    faults: int = 0
    """Pieces of audio and results that were not, byte for byte, what was due at their place."""
    first_fault: str | None = None

    def fault(self, what: str) -> None:
        self.faults += 1
        self.first_fault = self.first_fault or what

    def holds(self, moment: float) -> bool:
        return self.since <= moment < self.until


class Call:
    """A caller, the game that it is patched to, if any, and its connection to the stand-in for Deepgram."""

    def __init__(self, index: int, calls: int, probe: Probe, game: Game | None) -> None:
        self.index = index
        self.game = game
        self.audio = traffic.CallAudio(index, calls)
        self.talking = False
        self.frames_sent = 0
        self.frames_arrived = 0
        self.results_sent = 0
        self.results_arrived = 0
        self.caller: Caller | None = None
        self.listener: Listener | None = None
        self._messages = traffic.CallMessages(index, self.audio.first_slice)
        self._probe = probe
        self._sent_at = array("d")
        self._bytes_arrived = 0
        self._patched_after_frames: int | None = None
        self._hung_up_at: float | None = None

    def dial(self, loop: Loop, server: Address) -> None:
        self.caller = self.make_caller(loop, server, self._messages.opening())
        self.talking = True

    def make_caller(self, loop: Loop, server: Address, opening: bytes) -> Caller:
        return Caller(loop, server, opening)

    def send_frame(self, frames: traffic.MediaFrames) -> None:
        """The next 20 ms; once in a second, a result of the stand-in for Deepgram for the second before."""
        caller = self.caller
        if caller is None or not caller.opened or caller.ended:
            return
        number = self.frames_sent
        if number == traffic.KEYS_AFTER_FRAMES:
            self._send_keys(caller)
        frame = frames.frame(number, self._messages)
        self._sent_at.append(clock())
        self.frames_sent = number + 1
        caller.send(frame)
        if (number + self.index) % traffic.FRAMES_PER_SECOND == 0:
            self._send_result()

    def _send_keys(self, caller: Caller) -> None:
        assert self.game is not None
        caller.send(self._messages.keys(self.game.code))

    def hang_up(self) -> None:
        if self.caller:
            self.talking = False
            self._hung_up_at = clock()
            self.caller.hang_up(self._messages.stop(self.frames_sent))

    def leave(self) -> None:
        """Both ends go at once."""
        self.talking = False
        if self.caller:
            self.caller.leave()
        if self.listener:
            self.listener.leave()

    def on_claimed(self, listener: Listener) -> None:
        self.listener = listener
        listener.claimed(self._on_audio, self._on_told)

    def on_message(self, payload: bytes) -> None:
        """What the game gets once it has its code: `connected`, then each result, unchanged and in order."""
        result = traffic.read_result(payload)
        if result is None:
            if payload == b"connected":
                self._patched_after_frames = self.frames_sent
            return
        sent = result.microseconds / 1e6
        in_turn = (result.call, result.number) == (self.index, self.results_arrived)
        if not in_turn or payload != result.message():
            due = f"result {self.results_arrived} of call {self.index} was due"
            self._probe.fault(f"{due}, and result {result.number} of call {result.call} came: {payload[:60]!r} ...")
        self.results_arrived += 1
        if self._probe.holds(sent):
            self._probe.transcript_delays.append(clock() - sent)

    @property
    def patched(self) -> bool:
        return self._patched_after_frames is not None

    @property
    def complete(self) -> bool:
        """Everything that was sent has arrived."""
        return self.frames_arrived == self.frames_sent and self.results_arrived == self.results_sent

    def _send_result(self) -> None:
        first_frame = self.frames_sent - traffic.FRAMES_PER_SECOND
        # what was said before the code is none of the game's business: a server may cut it off
        if self.listener and self._patched_after_frames is not None and first_frame >= self._patched_after_frames:
            start = round(first_frame * traffic.FRAME_SECONDS, 2)
            result = traffic.Result(self.index, self.results_sent, int(clock() * 1e6), start)
            self.results_sent += 1
            self.listener.send(server_frame(TEXT, result.message()))

    def _on_audio(self, piece: bytes) -> None:
        if piece != self.audio.piece(self._bytes_arrived, len(piece)):
            self._probe.fault(self._misplaced(piece))
        self._bytes_arrived += len(piece)
        complete = min(self._bytes_arrived // traffic.FRAME_BYTES, self.frames_sent)
        arrived = clock()
        for number in range(self.frames_arrived, complete):
            sent = self._sent_at[number]
            if self._probe.holds(sent):
                self._probe.audio_delays.append(arrived - sent)
        self.frames_arrived = complete

    def _misplaced(self, piece: bytes) -> str:
        found = self.audio.find(piece)
        belongs = "at no place" if found is None else f"at {found / traffic.BYTES_PER_SECOND:.3f} s"
        due = self._bytes_arrived / traffic.BYTES_PER_SECOND
        return f"call {self.index}: at {due:.3f} s of its audio came {len(piece)} bytes that belong {belongs}"

    def _on_told(self) -> None:
        if self._hung_up_at is not None:
            self._probe.hang_ups.append(clock() - self._hung_up_at)
            self._probe.tail_frames_lost += self.frames_sent - self.frames_arrived
