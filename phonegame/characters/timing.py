"""How long the caller has waited for a reply, for whom, and how much of that was ours.

    speech ended --recogniser--> final result --patience--> turn ended --to_brain--> brain asked --brain--> first token
    first token --phrase--> first phrase --to_voice--> voice asked --voice--> first audio --to_wire--> first frame

Ours are `to_brain`, `to_voice` and `to_wire`: all else waits for the caller, or for somebody else's answer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from statistics import median

STAGES = ("recogniser", "patience", "to_brain", "brain", "phrase", "to_voice", "voice", "to_wire")
"""Each begins where the one before has ended."""
OURS = frozenset({"to_brain", "to_voice", "to_wire"})
KEPT_TURNS = 1000


@dataclass(slots=True)
class TurnTimes:
    """Of one turn, on trio's clock; None for what has not come to be. Each is taken where it happens."""

    speech_ended: float | None = None
    """The last word, by the time in the audio that Deepgram gives it."""
    final_result: float | None = None
    """Deepgram's last final result of the turn is here."""
    turn_ended: float | None = None
    """From then on it can be known that the caller is done: that message is here, or the patience has an end."""
    brain_asked: float | None = None
    """The request leaves: before `turn_ended` where the probable end of the turn was enough, as may be the next two."""
    first_token: float | None = None
    """Of the brain; behind an action, where it begins with one."""
    first_phrase: float | None = None
    voice_asked: float | None = None
    first_audio: float | None = None
    """The voice's first byte."""
    first_frame: float | None = None
    """Is being written to the media stream."""
    had_to_wait: bool = False
    """Something else was being said when the first phrase was there: a filler, or words of the game's."""

    def stages(self) -> dict[str, float]:
        """Seconds that the caller has waited for each, as far as both of its ends are known.

        What is done before the turn has ended costs the caller nothing from there on: it counts as done at that moment.
        """
        return {
            stage: end - begin
            for stage, (begin, end) in zip(STAGES, pairwise(self._milestones()), strict=True)
            if begin is not None and end is not None
        }

    @property
    def ours(self) -> float | None:
        """Seconds; None where not all of it is known, or the caller was hearing something else."""
        stages = self.stages()
        if self.had_to_wait or not stages.keys() >= OURS:
            return None
        return sum(stages[stage] for stage in OURS)

    @property
    def waited(self) -> float | None:
        """Seconds from the caller's last word to the first sound of the reply."""
        if self.speech_ended is None or self.first_frame is None:
            return None
        return self.first_frame - self.speech_ended

    def as_milliseconds(self) -> dict[str, int]:
        """For logs: each since the last word, or without one since the turn began."""
        begin = self.speech_ended if self.speech_ended is not None else self.turn_ended
        times = ((name, getattr(self, name)) for name in _MILESTONES)
        return {name: round((at - begin) * 1000) for name, at in times if at is not None and begin is not None}

    def _milestones(self) -> Iterator[float | None]:
        for name in _MILESTONES:
            at: float | None = getattr(self, name)
            ahead = name in ("brain_asked", "first_token", "first_phrase")
            yield max(at, self.turn_ended) if ahead and at is not None and self.turn_ended is not None else at


_MILESTONES = tuple(field.name for field in fields(TurnTimes) if field.name != "had_to_wait")


class CallTurns:
    """Of one call, in short: the median and the worst of what its turns have taken."""

    def __init__(self) -> None:
        self._count = 0
        self._taken: dict[str, deque[float]] = {}

    def __len__(self) -> int:
        return self._count

    def add(self, times: TurnTimes) -> None:
        self._count += 1
        for name, seconds in {"waited": times.waited, **times.stages(), "ours": times.ours}.items():
            if seconds is not None:
                self._taken.setdefault(name, deque(maxlen=KEPT_TURNS)).append(seconds)

    def as_milliseconds(self) -> dict[str, int | list[int]]:
        """For logs: of each stage median and worst. Of a call that does not end, the last `KEPT_TURNS`."""
        return {
            "turns": self._count,
            **{name: [round(median(of) * 1e3), round(max(of) * 1e3)] for name, of in self._taken.items()},
        }
