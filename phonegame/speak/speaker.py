"""Speaks to one caller: what is to be said becomes audio, and the audio goes out just ahead of its playback.

Rule 1. `run` is the only task that writes to the media stream. All else changes the state and wakes it; what it sends
next follows from the state alone: a `clear` that is due, then the next piece of audio or mark, once its time has come.
Between a change and the write nothing is awaited but the socket.

Rule 2. Every saying gets exactly one `say_finished`, at most one `say_started`, and that before it; a receipt is given
at the moment at which its cause is known, and in the order in which the sayings play.

    waits ----------> is on the wire ----------> over ----------> finished
          first piece                 last sample       its last mark came back, or is given up

- It waits while others are in front of it, its voice is working, or the stream has not begun. Meanwhile it may expire;
  others may be put in front of it; nothing of it has to be taken back.
- It is on the wire from its first piece on: behind the audio before it, without a pause. More than one may be on the
  wire, `LEAD_SECONDS` ahead of the caller's ear; only the first that is not over *plays*.
- It is over when its last sample should have been played: from then on nothing can stop it, it counts as heard to its
  end, whatever happens before the mark is back.

Rule 3. A cut takes sayings out and reports how much of them was heard. Where audio of theirs is on the wire, `clear`
sweeps away all that is there; so those that stay, and of which nothing has been heard yet, are sent again from their
beginning. They are not announced again.

    cut by                                   what is cut
    the caller's voice (interrupt_nowait)    nothing, where what plays is not interruptible; otherwise all that is
    the game (clear_nowait)                  all
    whose they are (take_back_nowait)        these; up to `LEAD_SECONDS` may be heard of one behind another that plays
    a saying with priority `now`             what plays, and another `now` that waits; interruptible ones only: behind
                                             one that is not it comes next
    the end of the call (close_nowait)       all, and whatever is still to come

Rule 4. Audio is never skipped and never reordered. A voice that falls behind makes a pause, and the clock goes on from
there (`Playout`). A voice that fails ends its saying behind the audio that it has made, and the next one follows.

Rule 5. All is bounded: what waits (`RunningOrder`), what is synthesised ahead of its turn (one sentence), how long a
voice (`Synthesis`) or a mark (`Playout`) is waited for.

Rule 6. Whoever gets a receipt may call the speaker. So receipts are given when the state is right again, and after one
the state is looked at anew.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Protocol

import trio

from phonegame.audio import FRAME_BYTES
from phonegame.speak.performance import Part, Performance
from phonegame.speak.playout import Playout
from phonegame.speak.running_order import RunningOrder
from phonegame.speak.saying import Dropped, Priority, Receipt, Saying
from phonegame.speak.synthesis import Synthesis
from phonegame.speak.voice import SpeakError, Voice
from phonegame.twilio.messages import clear_message, mark_message, media_message

LEAD_SECONDS = 0.4
"""How far ahead of playback audio is sent: enough to ride out a hiccup, little enough to stop a sentence soon."""
PIECE_BYTES = 5 * FRAME_BYTES


Finished = tuple[Saying, Receipt]


class VoiceSource(Protocol):
    def find(self, name: str | None) -> Voice:
        """None: the server's own voice. Raises SpeakError."""


class Receipts(Protocol):
    """What a speaker reports, at the moment when it happens. May call the speaker."""

    def say_started(self, saying: Saying) -> None: ...

    def say_finished(self, saying: Saying, receipt: Receipt) -> None: ...


class Tape(Protocol):
    """Is told what the caller hears, while there is one."""

    def play_nowait(self, saying: Saying, place: int, audio: bytes, plays_at: float, delay: float) -> None:
        """It is on its way. `place`: samples sent before it since the last cut; the times are `Playout`'s."""

    def cut_nowait(self, place: int) -> None:
        """What lies behind this place is not heard. Places count from 0 again."""


class Speaker:
    """One for each call. `send_text` writes to its media stream; one task calls `run`."""

    def __init__(self, voices: VoiceSource, send_text: Callable[[str], Awaitable[None]], receipts: Receipts) -> None:
        self._voices = voices
        self._send_text = send_text
        self._receipts = receipts
        self._order = RunningOrder()
        self._playout = Playout()
        self._synthesis = Synthesis(self._on_progress)
        self._stream_sid = ""
        self._firm_until = -math.inf
        """When the caller has heard all that has been sent of sayings that are not interruptible."""
        self._clear_is_due = False
        self._closed = False
        self._woken = trio.Event()
        self._look_again_at = math.inf
        self._waiting_for: Part | None = None
        self._silent = trio.Event()
        self.voice_asked_at: float | None = None
        """When the voice was asked for the saying that has started last: trio's time. None: a clip."""
        self.first_audio_at: float | None = None
        """When its first audio came."""
        self.tape: Tape | None = None
        self._for_tape: tuple[Saying, int, bytes] | None = None

    # what the call tells

    def begin_nowait(self, stream_sid: str) -> None:
        """The media stream has started. Nothing is sent before, but the first sentence is synthesised."""
        self._stream_sid = stream_sid
        self._woken.set()

    def mark_returned_nowait(self, name: str) -> None:
        self._played(self._playout.mark_returned_nowait(name, trio.current_time()))

    def say_nowait(self, saying: Saying) -> None:
        """Never raises: what cannot be said gets its receipt at once."""
        if self._closed:
            self._refuse(saying, Dropped.CALL_ENDED)
        elif (why := self._order.why_full(saying)) is not None:
            self._refuse(saying, Dropped.QUEUE_FULL, why)
        else:
            try:
                voice = None if saying.audio else self._voices.find(saying.voice)
            except SpeakError as error:
                self._refuse(saying, Dropped.VOICE_FAILED, str(error))
            else:
                self._put_in_order(Performance(saying, voice, trio.current_time()))

    def clear_nowait(self) -> None:
        """Takes everything out, interruptible or not."""
        self._report(self._cut(list(self._order), sweep=True, dropped=Dropped.CLEARED))

    def take_back_nowait(self, say_ids: Collection[str]) -> None:
        """Takes these out, interruptible or not, and leaves the others."""
        cut = [each for each in self._order if each.saying.say_id in say_ids]
        # behind what another has to say a little of it may be on the wire: that would be swept away, too
        sweep = any(each.is_on_wire for each in cut) and self._order.playing(self._place) in (*cut, None)
        self._report(self._cut(cut, sweep=sweep, dropped=Dropped.CLEARED))

    def interrupt_nowait(self) -> bool:
        """The caller speaks. True: something was stopped, or will not be said any more."""
        cut = self._order.stopped_by_voice(self._place)
        if cut:
            self._report(self._cut(cut, sweep=True, interrupted=True))
        return bool(cut)

    def close_nowait(self) -> None:
        """The call is over. What is left gets its receipt, and so does whatever is still to come; `run` returns."""
        if self.tape is not None and not self._closed:
            self.tape.cut_nowait(self._place)
        self._closed = True
        self._woken.set()
        self._report(self._take_out(list(self._order), dropped=Dropped.CALL_ENDED))

    # what the call may ask

    @property
    def can_be_heard(self) -> bool:
        """Whether there is a stream to send to."""
        return bool(self._stream_sid) and not self._closed

    @property
    def is_speaking(self) -> bool:
        """Whether something plays, or is to be played, or has not been confirmed yet."""
        return len(self._order) > 0

    @property
    def speaking_since(self) -> float | None:
        """Trio's time since when the caller has been hearing something, one saying after the other.

        Before the first sound: since when a saying waits for it. None: silence.
        """
        if self._order.playing(self._place) is not None:
            since = self._playout.playing_since
        elif (waiting := self._order.sending) is not None:
            since = waiting.came_at
        else:
            return None
        # what was said over something that nobody could interrupt was not said over what follows
        return max(since, self._firm_until)

    async def wait_silent(self) -> None:
        """Until nothing plays or waits. Takes no longer than voices and marks may, once the stream has begun."""
        while self.is_speaking:
            await self._silent.wait()
        await trio.lowlevel.checkpoint()

    # the task

    async def run(self) -> None:
        """Returns after `close_nowait`. However it ends, every saying has got its receipt. Errors are the socket's."""
        try:
            async with trio.open_nursery() as voices:
                while not self._closed:
                    self._woken = trio.Event()
                    self._synthesis.want(self._order.parts_ahead(), voices)
                    message = self._next_message(trio.current_time())
                    if message is not None:
                        await self._send_text(message)
                        plays_at = self._playout.has_been_sent_nowait(trio.current_time())
                        if self.tape is not None and not self._closed:
                            self._tell_tape(self.tape, plays_at)
                        # on a dead socket that was no checkpoint
                        await trio.lowlevel.checkpoint_if_cancelled()
                    else:
                        with trio.move_on_at(self._look_again_at):
                            await self._woken.wait()
                voices.cancel_scope.cancel()
        finally:
            self.close_nowait()

    def _next_message(self, now: float) -> str | None:
        """What is to be sent now. None: nothing before `_look_again_at`, or before the next change."""
        self._expire(now)
        self._played(self._playout.overdue_nowait(now))
        self._let_now_through()
        if self._clear_is_due:
            self._clear_is_due = False
            return clear_message(self._stream_sid)
        self._look_again_at = min(self._playout.next_overdue, self._order.next_expiry)
        if self._order.has_waiting_now and self._firm_until > now:
            self._look_again_at = min(self._look_again_at, self._firm_until)
        return self._next_audio(now) if self._stream_sid else None

    def _next_audio(self, now: float) -> str | None:
        self._waiting_for = None
        performance = self._order.sending
        if performance is None or performance.part is None:
            return None
        size = performance.part.ready(PIECE_BYTES)
        if size:
            return self._next_piece(performance, performance.part, size, now)
        if performance.part.is_complete:
            return self._end_part(performance, performance.part)
        self._waiting_for = performance.part
        return None

    def _next_piece(self, performance: Performance, part: Part, size: int, now: float) -> str | None:
        due = self._playout.plays_until - LEAD_SECONDS
        if now < due:
            self._look_again_at = min(self._look_again_at, due)
            return None
        if not performance.is_announced:
            performance.is_announced = True
            self.voice_asked_at, self.first_audio_at = part.asked_at, part.first_audio_at
            self._woken.set()
            self._receipts.say_started(performance.saying)
            return None
        if not part.sent:
            part.begin = self._playout.sent
        self._playout.send_nowait(size, now)
        if not performance.saying.interruptible:
            self._firm_until = self._playout.plays_until
        if not performance.is_on_wire:
            performance.is_on_wire = True
        audio = part.take(size)
        if self.tape is not None:
            self._for_tape = performance.saying, self._playout.sent - size, audio
        return media_message(self._stream_sid, audio)

    def _tell_tape(self, tape: Tape, plays_at: float | None) -> None:
        """Behind the socket, which may have held the audio up; what was cleared meanwhile is not heard."""
        sent, self._for_tape = self._for_tape, None
        if sent is not None and plays_at is not None:
            tape.play_nowait(*sent, plays_at, self._playout.delay)

    def _end_part(self, performance: Performance, part: Part) -> str | None:
        performance.advance()
        if part.sent:
            return mark_message(self._stream_sid, self._playout.mark_nowait(part))
        # without a sound: the turn is the next one's, which may still have to be synthesised
        self._woken.set()
        self._finish()
        return None

    def _on_progress(self, part: Part) -> None:
        if part is self._waiting_for:
            self._woken.set()

    # sayings come and go

    @property
    def _place(self) -> int:
        return self._playout.played(trio.current_time())

    def _put_in_order(self, performance: Performance) -> None:
        finished: list[Finished] = []
        if performance.saying.priority is Priority.NOW:
            cut = self._order.replaced_by_now(self._place)
            finished = self._cut(cut, sweep=any(each.is_on_wire for each in cut), dropped=Dropped.REPLACED)
        if not self._order:
            self._silent = trio.Event()
        self._order.insert(performance)
        self._woken.set()
        self._report(finished)

    def _cut(
        self, cut: list[Performance], *, sweep: bool, interrupted: bool = False, dropped: Dropped | None = None
    ) -> list[Finished]:
        """Rule 3. What is over goes too where audio is swept away: its mark will come back without a meaning."""
        sweep = sweep and any(each.is_on_wire for each in self._order)
        place = self._place
        gone = [each for each in self._order if each in cut or (sweep and each.is_over(place))]
        finished = self._take_out(gone, interrupted=interrupted, dropped=dropped)
        if sweep:
            self._clear_is_due = True
            if self.tape is not None:
                self.tape.cut_nowait(place)
            self._playout.clear_nowait()
            self._firm_until = min(self._firm_until, trio.current_time())
            for each in self._order:
                each.rewind()
        return finished

    def _let_now_through(self) -> None:
        """It came while something firm played, with audio of another behind it on the wire."""
        playing = self._order.playing(self._place)
        if playing is not None and playing.saying.interruptible and self._order.has_waiting_now:
            self._report(self._cut([playing], sweep=True, dropped=Dropped.REPLACED))

    def _expire(self, now: float) -> None:
        self._report(self._take_out(self._order.expired(now), dropped=Dropped.EXPIRED))

    def _played(self, parts: list[Part]) -> None:
        for part in parts:
            part.end_nowait()
        self._finish()

    def _finish(self) -> None:
        self._report(self._take_out(self._order.finished()))

    def _take_out(
        self, performances: list[Performance], *, interrupted: bool = False, dropped: Dropped | None = None
    ) -> list[Finished]:
        if not performances:
            return []
        place = self._place
        finished = []
        for each in performances:
            finished.append((each.saying, each.receipt(place, interrupted=interrupted, dropped=dropped)))
            each.drop()
            self._order.remove(each)
        if not self._order:
            self._silent.set()
        self._woken.set()
        return finished

    def _refuse(self, saying: Saying, dropped: Dropped, error: str | None = None) -> None:
        self._receipts.say_finished(saying, Receipt(heard="", seconds=0.0, dropped=dropped, error=error))

    def _report(self, finished: Iterable[Finished]) -> None:
        """Last of all in each change, since whoever gets a receipt may change the state again."""
        for saying, receipt in finished:
            self._receipts.say_finished(saying, receipt)
