"""Both sides of the call, row by row: what one says, when, and what comes of it at the other end.

Times are seconds since the call began.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import trio

from phonegame.local.demo.script import ORDER, Deed, Script, whole, words_of
from phonegame.local.demo.signs import Sign, Step, Told
from phonegame.speak.saying import Dropped
from phonegame.wire.v1 import CharacterSaid, SayFinished


class Piece(NamedTuple):
    """What came, and when."""

    at: float
    text: str


@dataclass
class Line:
    """One thing that the caller says."""

    said: str
    began: float
    ended: float | None = None
    received: list[Piece] = field(default_factory=list)
    """What came to the game while it waited for this line; not always what was said."""
    arrived: float | None = None
    """When the game had all of it."""

    @property
    def delay(self) -> float | None:
        """From the end of the speech to the game; a recogniser may be ahead of a trailing silence."""
        if self.arrived is None or self.ended is None:
            return None
        return max(0.0, self.arrived - self.ended)


@dataclass
class Reply:
    """One thing that the game or its character says, what the server tells of it, what the phone makes of the sound.

    Of what a character says nothing is known before it has been heard; it has no `say_id`, and begins with the
    character's turn.
    """

    say_id: str
    text: str
    began: float
    receipt: SayFinished | CharacterSaid | None = None
    finished: float | None = None
    delay: float | None = None
    """To the first sound, less what the caller still had to hear before it."""
    understood: Piece | None = None
    """What the speech service hears in the phone's recording, and when it said so."""

    @property
    def is_characters(self) -> bool:
        return not self.say_id

    @property
    def interrupted(self) -> bool:
        match self.receipt:
            case CharacterSaid(cut_off=interrupted) | SayFinished(interrupted=interrupted):
                return interrupted
            case None:
                return False

    @property
    def heard(self) -> str:
        """By the caller, as the server tells."""
        match self.receipt:
            case CharacterSaid(text=heard) | SayFinished(heard=heard):
                return heard
            case None:
                return ""

    @property
    def dropped(self) -> Dropped | None:
        return self.receipt.dropped if isinstance(self.receipt, SayFinished) else None

    @property
    def whole(self) -> str:
        """What the script says for a beginning that was heard."""
        return whole(self.text) if self.is_characters else self.text

    @property
    def is_confirmed(self) -> bool:
        """Whether the phone heard what the receipt says; a word that was cut off counts as heard or not."""
        if self.receipt is None or self.understood is None or self.dropped is not None:
            return False
        all_words, heard, understood = map(words_of, (self.whole, self.heard, self.understood.text))
        if not self.interrupted:
            return all_words == heard == understood
        beginning = all_words[: len(heard)] == heard and all_words[: len(understood)] == understood
        return beginning and 0 < len(heard) < len(all_words) and abs(len(heard) - len(understood)) <= 1


@dataclass
class Action:
    """What the character had the game do."""

    deed: Deed
    began: float

    @property
    def delay(self) -> None:
        """The game answers at once."""


Row: TypeAlias = Line | Reply | Action | Sign


class Conversation:
    """Signs of a call that the game places, or the caller's tries at the code; then sentences and replies.

    `on_change` is called after each step.
    """

    def __init__(
        self, clock: Callable[[], float], on_change: Callable[[Conversation], None], script: Script = ORDER
    ) -> None:
        self.script = script
        self.rows: list[Row] = []
        self.tries: list[Line] = []
        self.sentences: list[Line] = []
        self.has_ended = False
        """The game has been told; where the server hangs up, while somebody is still at the phone."""
        self._clock = clock
        self._on_change = on_change
        self._words: list[str] = []
        self._changed = trio.Event()

    @property
    def replies(self) -> Sequence[Reply]:
        return [row for row in self.rows if isinstance(row, Reply)]

    @property
    def signs(self) -> Sequence[Sign]:
        return [row for row in self.rows if isinstance(row, Sign)]

    @property
    def deeds(self) -> list[Deed]:
        return [row.deed for row in self.rows if isinstance(row, Action)]

    @property
    def joined(self) -> bool:
        return any(line.arrived is not None for line in self.tries)

    @property
    def join_seconds(self) -> float | None:
        """From the end of the first try at the code to the game's `call_started`."""
        arrived = next((line.arrived for line in self.tries if line.arrived is not None), None)
        if arrived is None or self.tries[0].ended is None:
            return None
        return max(0.0, arrived - self.tries[0].ended)

    @property
    def is_as_scripted(self) -> bool:
        """Whether the game received all, and the caller heard all of each reply but the one that they spoke over."""
        answers = [words_of(text) for text in self.script.texts]
        # each turn's `over` is of the answer before it
        over = [*(turn.over for turn in self.script.turns), False]
        return (
            not self.missed
            and [sign.step for sign in self.signs if sign.is_complete] == list(self.script.steps)
            and len(self.sentences) == len(self.script.turns)
            and self.deeds == self.script.deeds
            and [words_of(reply.whole) for reply in self.replies] == answers
            and [reply.interrupted for reply in self.replies] == over
            and all(reply.is_confirmed for reply in self.replies)
        )

    @property
    def missed(self) -> list[str]:
        return [line.said for line in self.sentences if line.arrived is None]

    @property
    def interruptions(self) -> list[float]:
        """How long each reply that was spoken over went on, since the caller began to speak."""
        return [
            max(0.0, reply.finished - line.began)
            for reply in self.replies
            if reply.interrupted and reply.finished is not None
            for line in self.sentences
            if reply.began < line.began <= reply.finished
        ]

    # --- the caller ---

    def begin_code(self, text: str) -> Line:
        return self._begin(self.tries, text)

    def begin_sentence(self, text: str) -> Line:
        return self._begin(self.sentences, text)

    def end(self, line: Line) -> None:
        line.ended = self._clock()
        self._tell()

    def at_phone(self, step: Step) -> None:
        """The phone rings, is answered, or is hung up."""
        self._sign(step).at_phone = self._clock()
        self._tell()

    # --- the game ---

    def told(self, step: Step, detail: str = "") -> None:
        """What becomes of a call that it places."""
        self._sign(step).told.append(Told(self._clock(), detail))
        self._tell()

    def ended(self, why: str) -> None:
        """The call has come to nothing, or to its end."""
        self.has_ended = True
        if self.script.steps:
            self.told("over", why)
        self._tell()

    def connected(self) -> None:
        """The call has come to the game, by its code."""
        line = self.tries[-1]
        line.arrived = self._clock()
        line.received.append(Piece(line.arrived, "a caller has joined"))
        self._tell()

    def received(self, text: str) -> list[Line]:
        """Returns the lines that are complete with it.

        The sentences may come in several pieces, or several in one; they are found in order, word by word.
        """
        now = self._clock()
        self._words += words_of(text)
        found = [line for line in self.sentences if line.arrived is None and self._take(words_of(line.said))]
        for line in found:
            line.arrived = now
        waiting = [line for line in (*self.tries, *self.sentences) if line.arrived is None]
        # what belongs to no line is shown beside the one that is waited for
        for line in (found or waiting or self.sentences or self.tries)[:1]:
            line.received.append(Piece(now, text))
        self._tell()
        return found

    def reply(self, text: str) -> Reply:
        reply = Reply(f"reply-{len(self.replies) + 1}", text, self._clock())
        self.rows.append(reply)
        self._tell()
        return reply

    def reply_finished(self, receipt: SayFinished) -> Reply:
        reply = self._reply(receipt.say_id)
        reply.receipt, reply.finished = receipt, self._clock()
        self._tell()
        return reply

    def character_turn(self) -> None:
        """The character is to say something: the first thing, or to what the caller has said."""
        self.rows.append(Reply("", "", self._clock()))
        self._tell()

    def character_said(self, said: CharacterSaid) -> Reply:
        reply = self._awaited()
        if reply is None:  # though it was not its turn
            reply = Reply("", "", self._clock())
            self.rows.append(reply)
        reply.text, reply.receipt, reply.finished = said.text, said, self._clock()
        self._tell()
        return reply

    def did(self, deed: Deed) -> None:
        """It is done before the character goes on, or begins, to speak."""
        action, awaited = Action(deed, self._clock()), self._awaited()
        at = len(self.rows) if awaited is None else next(at for at, row in enumerate(self.rows) if row is awaited)
        self.rows.insert(at, action)
        self._tell()

    def understood(self, reply: Reply, text: str, delay: float | None = None) -> None:
        reply.understood, reply.delay = Piece(self._clock(), text), delay
        self._tell()

    # --- both ---

    async def wait_until(self, reached: Callable[[], bool]) -> None:
        """Until it holds; it is looked at after each change."""
        while not reached():
            await self._changed.wait()
        await trio.lowlevel.checkpoint()

    def touch(self) -> None:
        """Something else has happened that may be waited for."""
        self._tell()

    def _tell(self) -> None:
        self._on_change(self)
        self._changed.set()
        self._changed = trio.Event()

    def _begin(self, lines: list[Line], text: str) -> Line:
        line = Line(text, began=self._clock())
        lines.append(line)
        self.rows.append(line)
        self._tell()
        return line

    def _sign(self, step: Step) -> Sign:
        for sign in self.signs:
            if sign.step == step:
                return sign
        sign = Sign(step, self._clock())
        self.rows.append(sign)
        return sign

    def _awaited(self) -> Reply | None:
        """Of the character's turns the first one of which nothing is known."""
        return next((reply for reply in self.replies if reply.is_characters and reply.receipt is None), None)

    def _reply(self, say_id: str) -> Reply:
        return next(reply for reply in self.replies if reply.say_id == say_id)

    def _take(self, wanted: list[str]) -> bool:
        """Removes everything up to the end of the wanted words, if they are there."""
        for at in range(len(self._words) - len(wanted) + 1):
            if self._words[at : at + len(wanted)] == wanted:
                del self._words[: at + len(wanted)]
                return True
        return False
