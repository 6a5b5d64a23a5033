"""What a test wants the service to say and to do wrong, connection by connection. For `/v1/speak`: speaking/script.py.

    Script([Plan(drop_after=2.5), Plan(results=(Say("42", at=1.7, start=0.8, end=1.4),))])

Every upgrade request counts as a connection, a refused one too. Connections beyond the list follow `Script.then`. All
"after" and "at" are seconds of audio received on that connection, so that nothing depends on the wall clock; `late`
alone is in seconds of the service's clock. What happens at one moment happens in this order: the audio up to
exactly that moment is recognised and answered, then the fault strikes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from phonegame.local.speech.refusals import REFUSALS, Refusal
from phonegame.local.speech.speaking.script import SpeakPlan


@dataclass(frozen=True, slots=True)
class Say:
    """One transcript, delivered once `at` seconds of audio have come in. Its words share [start, end] evenly.

    `start` None: where the last final ended. `end` None: `at`. `speech_final` counts for finals only. On `/v2/listen` a
    final adds to the turn, and makes its EndOfTurn where it is `speech_final`, its EagerEndOfTurn where it is not.
    """

    text: str
    at: float
    start: float | None = None
    end: float | None = None
    final: bool = True
    speech_final: bool = True
    confidence: float = 0.98


@dataclass(frozen=True, slots=True)
class Send:
    """Garbage: this very text or binary frame goes out once `at` seconds of audio have come in."""

    data: str | bytes
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class CloseAfter:
    seconds: float
    code: int = 1011
    reason: str = "NET-0000: Deepgram did not provide a response message within the timeout window."


@dataclass(frozen=True, slots=True)
class Plan:
    """One connection. Without `results` the service's own recogniser listens; the faults go with either.

    `drop_after` aborts the TCP connection. `stall_after` keeps the socket but reads and answers nothing more;
    `mute_after` reads on and answers nothing more. `lose_finals` swallows every final that holds words.
    `refuse_configure` is the code of the ConfigureFailure with which every Configure is answered.
    `empty_results` False: silence yields no Results, and no Update (handy for exact comparisons). `word_times` False:
    the words on `/v2/listen` have none.
    """

    results: tuple[Say, ...] = ()
    refuse: Refusal | None = None
    drop_after: float | None = None
    close_after: CloseAfter | None = None
    stall_after: float | None = None
    mute_after: float | None = None
    lose_finals: bool = False
    late: float = 0.0
    garbage: tuple[Send, ...] = ()
    ignore_finalize: bool = False
    ignore_close: bool = False
    ignore_configure: bool = False
    refuse_configure: str = ""
    empty_results: bool = True
    word_times: bool = True


def refuse(status: int) -> Plan:
    """The plan that refuses the upgrade as Deepgram does with this status. KeyError for a status it never gives."""
    return Plan(refuse=REFUSALS[status])


@dataclass(frozen=True, slots=True)
class Script:
    """`then` is for every connection that listens after those listed, `then_speak` for those to `/v1/speak`."""

    connections: Sequence[Plan] = ()
    then: Plan = field(default_factory=Plan)
    speak: Sequence[SpeakPlan] = ()
    then_speak: SpeakPlan = field(default_factory=SpeakPlan)

    def plan(self, number: int) -> Plan:
        return self.connections[number] if number < len(self.connections) else self.then

    def speak_plan(self, number: int) -> SpeakPlan:
        return self.speak[number] if number < len(self.speak) else self.then_speak
