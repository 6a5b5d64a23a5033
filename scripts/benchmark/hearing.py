"""A call whose caller hears something: takes what its phone is sent, and plays it as Twilio does."""

from __future__ import annotations

import binascii
import json
from collections.abc import Callable

from .call import Call, Probe
from .loop import Loop, clock
from .peers import Address, Caller, Game
from .playback import Playback
from .timers import Timers


class HearingCaller(Caller):
    """A media stream that takes what it is sent."""

    _notes_arrivals = True

    def __init__(self, loop: Loop, server: Address, opening: bytes, take: Callable[[bytes], None]) -> None:
        super().__init__(loop, server, opening)
        self._take_message = take

    def on_frame(self, _opcode: int, payload: bytes) -> None:
        self._take_message(payload)


class HearingCall(Call):
    """Subclasses say what becomes of audio, marks and `clear`."""

    def __init__(self, index: int, calls: int, probe: Probe, game: Game | None, timers: Timers) -> None:
        super().__init__(index, calls, probe, game)
        self.playback = Playback()
        self._timers = timers

    def make_caller(self, loop: Loop, server: Address, opening: bytes) -> Caller:
        return HearingCaller(loop, server, opening, self._take_from_server)

    def _hear(self, audio: bytes, now: float) -> None:
        raise NotImplementedError

    def _mark(self, name: str) -> None:
        """Begin with this: it returns the mark when it is played."""
        self._timers.at(self.playback.mark(name), lambda: self._return_mark(name))

    def _clear(self, now: float) -> float:
        """Begin with this: gives the seconds that were swept away."""
        unplayed, marks = self.playback.clear(now)
        for name in marks:
            self._send_mark(name)
        return unplayed

    def _take_from_server(self, payload: bytes) -> None:
        now = clock()
        match json.loads(payload):
            case {"event": "media", "streamSid": sid, "media": {"payload": audio, **no_more}, **none} if not (
                no_more or none
            ):
                self._hear(binascii.a2b_base64(audio, strict_mode=True), now)
            case {"event": "mark", "streamSid": sid, "mark": {"name": name, **no_more}, **none} if not (
                no_more or none
            ):
                self._mark(name)
            case {"event": "clear", "streamSid": sid, **none} if not none:
                self._clear(now)
            case _:
                sid = None
        if sid != self._messages.stream_sid:
            self._probe.fault(f"call {self.index}: its phone was sent {payload[:60]!r}")

    def _return_mark(self, name: str) -> None:
        if self.playback.mark_played(name):
            self._send_mark(name)

    def _send_mark(self, name: str) -> None:
        if self.caller is not None:
            self.caller.send(self._messages.mark(name))
