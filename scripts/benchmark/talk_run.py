"""A run in which callers talk with a character, and nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from .call import Call
from .errors import BenchError
from .loop import Loop, clock
from .model import ModelService
from .peers import Game
from .profiling import Profiler
from .run import Run, Usage
from .server import Server
from .talk_texts import ANSWERS
from .talking_call import TalkingCall, TalkProbe, Turn
from .timers import Timers
from .traffic import MediaFrames

_LEARN_SECONDS = 60.0
_END_SECONDS = 15.0
_SETTLE_SECONDS = 0.5
_RAMP_SECONDS = 3.0
"""About as long as a question and its answer."""
_COMPARED = 4
"""Answers before a question that must stand in the model's request as they were heard."""


class TalkRun(Run):
    _server: Server

    def __init__(self, loop: Loop, server: Server, count: int, timers: Timers, turns: Path) -> None:
        super().__init__(loop, server, MediaFrames(), count)
        self.gathered = TalkProbe()
        self.probe = self.gathered
        self.recordings: dict[str, bytes] = {}
        self._timers = timers
        self._talking: list[TalkingCall] = []
        self._turns = turns
        """The file to which the server writes what each turn took."""

    def make_call(self, at: int, game: Game | None) -> Call:
        call = TalkingCall(at, self._count, self.gathered, self._timers)
        self._talking.append(call)
        return call

    def idle(self, seconds: float) -> Usage:
        before = self._usage()
        self._turn_for(seconds)
        return self._usage().since(before)

    def learn(self) -> None:
        """Has every answer said to its end: from then on they are in the server's cache."""
        lessons = list(ANSWERS)
        for at, call in enumerate(self._talking):
            call.talk(at / self._count, lessons[at :: self._count])
        self._until(self._has_learned, _LEARN_SECONDS)
        for turn in self.gathered.turns:
            turn.fault(self.recordings)

    def converse(self, seconds: float) -> tuple[Usage, list[Turn]]:
        """CPU and turns are those of the window; a turn belongs to it that was begun in it."""
        self.gathered.turns, self.gathered.interruptions = [], []
        before = self._usage()
        self.probe.since, self.probe.until = clock(), clock() + seconds
        self._talk_until(lambda: clock() >= self.probe.until, seconds + 1)
        usage = self._usage().since(before)
        return usage, self.gathered.turns

    def profile(self, profiler: Profiler, start_seconds: float) -> None:
        """The conversations go on meanwhile."""
        with profiler.record(self._server.process.pid) as finished:
            self._talk_until(finished, profiler.seconds + start_seconds)

    @property
    def count(self) -> int:
        return self._count

    @property
    def turns_in_all(self) -> int:
        """Without the greetings."""
        return sum(len(call.turns) - 1 for call in self._talking)

    def server_turns(self) -> list[dict[str, float | None]]:
        """What the server has measured since its start, turn by turn."""
        return [json.loads(line) for line in self._turns.read_text().splitlines()]

    def audit(self, model: ModelService | None) -> list[str]:
        """What was not answered once and rightly; what did not reach the model once, or with another memory."""
        faults = []
        for call in self._talking:
            for at, turn in enumerate(call.turns):
                fault = turn.fault(self.recordings)
                if fault is None and model is not None and at:
                    fault = _fault_of_request(model, turn, call.turns[:at])
                if fault is not None:
                    faults.append(f"call {call.index}, turn {at}: {fault}")
        return faults

    def _talk_until(self, done: Callable[[], bool], seconds: float) -> None:
        for at, call in enumerate(self._talking):
            call.talk(at / self._count * _RAMP_SECONDS)
        self._until(done, seconds)

    def _until(self, done: Callable[[], bool], seconds: float) -> None:
        self._patiently(done, seconds, "the conversations do not go on")
        for call in self._talking:
            call.rest()
        self._patiently(self._all_rest, _END_SECONDS, "a question was never answered")
        # for the server to note of the last answer that it was heard
        self._turn_for(_SETTLE_SECONDS)

    def _patiently(self, done: Callable[[], bool], seconds: float, otherwise: str) -> None:
        deadline = clock() + seconds
        while not done() and clock() < deadline:
            self._turn()
        if not done():
            self._server.check()
            stuck = [call.state() for call in self._talking if not call.is_at_rest]
            fault = self.gathered.first_fault or "no message was wrong"
            raise BenchError(
                f"{otherwise}: {'; '.join(stuck[:3]) or 'all rest'}; {fault}:\n{self._server.last_words()}"
            )

    def _has_learned(self) -> bool:
        known = {turn.answer for call in self._talking for turn in call.turns if turn.is_over}
        return known.issuperset(ANSWERS.values())

    def _all_rest(self) -> bool:
        return all(call.is_at_rest for call in self._talking)

    def _turn(self) -> None:
        self._timers.run(clock())
        super()._turn()


def _fault_of_request(model: ModelService, turn: Turn, before: Sequence[Turn]) -> str | None:
    asked = model.asked.get(turn.question, [])
    if len(asked) != 1:
        return f"the model was asked {len(asked)} times"
    said = [str(each["content"]) for each in asked[0].messages if each["role"] == "assistant"]
    pairs = zip(reversed(said), list(reversed(before))[:_COMPARED], strict=False)
    if all(text == turn.answer or (turn.is_spoken_over and turn.answer.startswith(text)) for text, turn in pairs):
        return None
    return "the model was told that something else was heard"
