"""Many calls on a board, which nobody has placed: they say things, come and go, as calls do."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import trio

from phonegame.board import Board, CallNotes
from phonegame.characters.timing import TurnTimes
from phonegame.ended import Ended
from phonegame.listen.heard import Heard, from_fields
from phonegame.speak.saying import Receipt, Saying
from phonegame.switchboard import Caller, CallProblem

SENTENCES = ("one large pizza please", "with extra cheese", "how much is that", "no mushrooms", "thank you")
ANSWERS = (
    "Very well.",
    "That will be twelve dollars.",
    "Would you like anything to drink with it?",
    "It is on its way.",
)


def heard(text: str, *, start: float, seconds: float, is_final: bool = True) -> Heard:
    """What Deepgram says of a sentence, at its place in the call's audio."""
    return from_fields(
        {
            "type": "Results",
            "start": start,
            "duration": seconds,
            "is_final": is_final,
            "speech_final": is_final,
            "channel": {"alternatives": [{"transcript": text, "confidence": 0.9, "words": []}]},
        }
    )


AGO = {
    "speech_ended": 0.9,
    "final_result": 0.7,
    "turn_ended": 0.6,
    "brain_asked": 0.59,
    "first_token": 0.3,
    "first_phrase": 0.25,
    "voice_asked": 0.24,
    "first_audio": 0.05,
    "first_frame": 0.0,
}


def turn(heard_at: float) -> TurnTimes:
    """Of an answer whose first sound was on its way at that time."""
    times = TurnTimes()
    for name, ago in AGO.items():
        setattr(times, name, heard_at - ago)
    return times


class FakeCall:
    """Reports to its notes what a call does."""

    def __init__(self, notes: CallNotes, name: str, *, code: str | None = None, dial_id: str = "") -> None:
        self.notes = notes
        self._began = trio.current_time()
        self._audio = 0.0
        notes.begin(Caller(call_id=name, shown=f"+1202***{name[-4:]:0>4}"), dial_id)
        if code is not None:
            notes.patch(code)

    @property
    def position(self) -> float:
        return trio.current_time() - self._began

    def says(self, text: str, *, seconds: float = 1, ago: float = 0.5, is_final: bool = True) -> None:
        """Has ended it `ago` seconds ago."""
        start = self.position - ago - seconds
        self.notes.hear(heard(text, start=start, seconds=seconds, is_final=is_final), self.position)

    def answers(self, text: str, *, heard_words: int | None = None) -> None:
        """`heard_words`: then the caller speaks over it."""
        saying = Saying(say_id="x", text=text)
        self.notes.start("character", saying)
        said = text if heard_words is None else " ".join(text.split()[:heard_words])
        self.notes.say("character", saying, Receipt(heard=said, seconds=1, interrupted=heard_words is not None))
        self.notes.time(turn(trio.current_time()))


@contextmanager
def fake_call(board: Board, name: str, code: str | None = None) -> Iterator[FakeCall]:
    with board.notes() as notes:
        yield FakeCall(notes, name, code=code)


async def crowd(board: Board, count: int, *, pause: float = 0.02) -> None:
    """`count` calls at a time. Every `pause` seconds one of them says or does something. Runs until it is cancelled."""
    chance = random.Random(1)
    numbers = iter(range(1, 1_000_000))
    with ExitStack() as stack:
        calls: list[tuple[FakeCall, ExitStack]] = []

        def come() -> None:
            own = stack.enter_context(ExitStack())
            number = next(numbers)
            code = str(number % 100) if number % 5 else None
            call = own.enter_context(fake_call(board, f"call{number:04}", code))
            if number % 3 == 0 and code:
                call.notes.play("Luigi")
            calls.append((call, own))

        for _ in range(count):
            come()
        while True:
            await trio.sleep(pause)
            call, own = calls[chance.randrange(len(calls))]
            match chance.randrange(12):
                case 0:
                    calls.remove((call, own))
                    call.notes.end(chance.choice([Ended.HUNG_UP, Ended.HUNG_UP, Ended.DEEPGRAM]))
                    own.close()
                    come()
                case 1:
                    call.notes.telling(lambda event: None)(CallProblem("voice_failed", "the voice does not answer"))
                case 2 | 3 | 4:
                    call.answers(chance.choice(ANSWERS))
                case 5:
                    call.notes.press(str(chance.randrange(10)))
                case _:
                    call.says(chance.choice(SENTENCES), is_final=chance.random() < 0.5)
