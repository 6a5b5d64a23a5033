"""What one call reports to the board. Nothing of this waits, or raises, or is called for a frame of audio."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import trio

from phonegame.board.record import MAX_TEXT, Record
from phonegame.board.shown import Entry, Whose
from phonegame.board.words import DEEPGRAM_AWAY, ENDED_BADLY, problem
from phonegame.characters.timing import TurnTimes
from phonegame.ended import Ended
from phonegame.listen.heard import Heard
from phonegame.speak.saying import Dropped, Receipt, Saying
from phonegame.switchboard import (
    Caller,
    CallEvent,
    CallProblem,
    CharacterAsks,
    CharacterEnded,
    RecordingStarted,
    RecordingStopped,
)

KEYS_SECONDS = 3
"""Keys that are pressed within so long are one entry."""
SAME_SOUND_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 60
"""What is said later is no answer."""
CLIP = "(a sound)"


class Speech(Protocol):
    """`CallSpeech`."""

    on_started: Callable[[Whose, Saying], None]
    on_said: list[Callable[[Whose, Saying, Receipt], None]]


class Character(Protocol):
    """`CallCharacter`."""

    on_playing: Callable[[str | None], None]
    on_timed: Callable[[TurnTimes], None]


class Host(Protocol):
    """The board."""

    def open_nowait(self, caller: Caller, call_id: str) -> Record: ...

    def close_record_nowait(self, record: Record) -> None: ...


class CallNotes:
    """Until `begin` nobody has been let in, and nothing is noted."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._record: Record | None = None
        self._hearing: Entry | None = None
        """What the caller is saying, as far as it is understood yet."""
        self._spoken_until: float | None = None
        """When the caller has ended the last sentence, while nobody has answered it."""
        self._saying: dict[int, tuple[Saying, Entry]] = {}
        """What is being said. The key is the object's id: the server's own sayings have none."""

    @property
    def call_id(self) -> str | None:
        return self._record.shown.id if self._record is not None else None

    def watch(self, speech: Speech, character: Character) -> None:
        """What the caller hears is noted from here on."""
        speech.on_started = self.start
        speech.on_said.append(self.say)
        character.on_playing, character.on_timed = self.play, self.time

    # from begin to end

    def begin(self, caller: Caller, dial_id: str = "") -> None:
        """Somebody is on the phone. `dial_id`: of a call that we have placed, which is on the board already."""
        self._record = self._host.open_nowait(caller, dial_id or caller.call_id)
        self._record.update(phase="asking")
        self._event("the phone is connected")

    def patch(self, code: str | None) -> None:
        """There is a line to this game; None: to the one that the call was placed for."""
        if self._record is not None and self._record.shown.phase != "ending":
            code = code or self._record.shown.game
            self._record.update(phase="talking", game=code)
            self._event(f"patched to game {code}")

    def end(self, why: Ended) -> None:
        """The call is over; a goodbye may still be said."""
        if self._record is None:
            return
        if (trouble := ENDED_BADLY.get(why)) is not None:
            self._trouble(trouble)
        self._record.update(phase="ending", why=why.why, character=None)
        self._event(f"the call ends: {why.why}")

    def close(self) -> None:
        """Nothing more comes."""
        if self._record is not None:
            self._drop_interim()
            self._record.update(phase="ended", ended=trio.current_time(), is_recorded=False)
            self._host.close_record_nowait(self._record)

    # what the caller does

    def hear(self, heard: Heard, position: float) -> None:
        """`position`: see `Listener.live_position`."""
        results = heard.results
        if self._record is None or results is None:
            return
        if text := results.best.transcript:
            words = results.best.words
            ago = position - (words[0].start if words else results.start)
            entry = self._hearing or self._record.add("caller", text, self._at(trio.current_time() - ago), is_open=True)
            self._hearing = None if results.is_final else entry
            self._record.change(entry, text=text, is_open=not results.is_final)
            if results.is_final:
                self._spoken_until = trio.current_time() - (position - (words[-1].end if words else results.end))
        elif results.is_final:
            self._drop_interim()

    def _drop_interim(self) -> None:
        if self._hearing is not None and self._record is not None:
            self._record.change(self._hearing, text="", is_open=False)
            self._hearing = None

    def press(self, digit: str) -> None:
        if self._record is None:
            return
        at = self._at(trio.current_time())
        last = self._record.lines[-1] if self._record.lines else None
        if last is not None and last.by == "keys" and last.at > at - KEYS_SECONDS and len(last.text) < MAX_TEXT - 1:
            self._record.change(last, text=f"{last.text} {digit}")
        else:
            self._record.add("keys", digit, at)

    # what the caller hears

    def start(self, by: Whose, saying: Saying) -> None:
        """Its first sound is on its way."""
        if self._record is None or (by == "server" and saying.audio):
            # of the hold tone
            return
        now = trio.current_time()
        entry = self._record.add(by, saying.text or CLIP, self._at(now), is_open=True)
        self._saying[id(saying)] = saying, entry
        if self._spoken_until is not None:
            waited = now - self._spoken_until
            self._spoken_until = None
            if by != "server" and 0 <= waited < LONGEST_WAIT_SECONDS:
                self._record.change(entry, waited_ms=round(waited * 1000))

    def say(self, by: Whose, saying: Saying, receipt: Receipt) -> None:
        """What has become of it."""
        _, entry = self._saying.pop(id(saying), (saying, None))
        if self._record is None:
            return
        if entry is not None:
            heard = receipt.heard if saying.text else CLIP
            is_whole = not receipt.interrupted and receipt.dropped is None
            unheard = "" if is_whole or not saying.text.startswith(heard) else saying.text[len(heard) :].strip()
            self._record.change(entry, text=heard, unheard=unheard, is_open=False, is_cut=receipt.interrupted)
        if receipt.dropped in (Dropped.VOICE_FAILED, Dropped.QUEUE_FULL) and by != "character":
            # a character's is told as a problem of the call's
            code = receipt.dropped.value
            self._trouble(problem(code, receipt.error or code))

    def play(self, name: str | None) -> None:
        """A character answers from now on; None: none does any more."""
        if self._record is None:
            return
        self._record.update(character=name)
        if name is not None:
            self._record.update(phase="talking")
            self._event(f"{name} is on the phone")

    def time(self, times: TurnTimes) -> None:
        """Of a character's turn, at the end of its answer."""
        if self._record is None or times.first_frame is None:
            return
        at = self._at(times.first_frame)
        lines = (entry for entry in self._record.lines if entry.by == "character")
        answer = next((entry for entry in lines if abs(entry.at - at) <= SAME_SOUND_SECONDS), None)
        if answer is None:
            return
        stages = {name: max(round(seconds * 1000), 0) for name, seconds in times.stages().items()}
        waited = round(times.waited * 1000) if times.waited is not None else answer.waited_ms
        self._record.change(answer, stages_ms=stages, waited_ms=waited)

    # what happens besides

    def telling(self, deliver: Callable[[CallEvent], None]) -> Callable[[CallEvent], None]:
        """`deliver`, and what is worth a note on the way."""

        def tell(event: CallEvent) -> None:
            self._note(event)
            deliver(event)

        return tell

    def _note(self, event: CallEvent) -> None:
        if self._record is None:
            return
        match event:
            case CallProblem(code=code, message=message):
                self._trouble(problem(code, message))
            case CharacterAsks(name=name):
                self._event(f"the character asks the game for {name}")
            case CharacterEnded(reason=reason):
                self._event(f"the character has left: {reason.replace('_', ' ')}")
            case RecordingStarted():
                self._record.update(is_recorded=True)
                self._event("the call is recorded from here on")
            case RecordingStopped():
                self._record.update(is_recorded=False)
                self._event("the recording has ended")
            case _:
                pass

    def listening_failed(self, outcome: Literal["away", "given_up"]) -> None:
        if outcome == "away":
            self._trouble(DEEPGRAM_AWAY)

    def _event(self, text: str) -> None:
        assert self._record is not None
        self._record.add("event", text, self._at(trio.current_time()))

    def _trouble(self, text: str) -> None:
        if self._record is not None:
            self._record.add("problem", text, self._at(trio.current_time()))
            self._record.update(problem=text[:MAX_TEXT])

    def _at(self, now: float) -> float:
        assert self._record is not None
        return max(now - self._record.shown.began, 0)
