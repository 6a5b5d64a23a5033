"""What a monitor may know of this process: how much it does, how well, and what fails. For `GET /metrics`.

One for each application, with a registry of its own. Labels have few values, all of them ours: no number, no code, no
name that a game or a caller could choose. Nothing of it stands in the way of a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Literal

import trio
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, ProcessCollector, generate_latest

from phonegame.admission import Load
from phonegame.characters.budget import Limit
from phonegame.characters.timing import STAGES, TurnTimes
from phonegame.ended import Ended

Direction = Literal["incoming", "outgoing"]
DIRECTIONS: tuple[Direction, ...] = ("incoming", "outgoing")

OURS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1)
STAGE_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8)
WAIT_SECONDS = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 8, 15)
LAG_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of Prometheus' text format, which every monitor of the kind reads."""

Failure = Literal["away", "given_up"]


class Metrics:
    def __init__(
        self, calls: Callable[[], Iterable[Direction]], games: Callable[[], int], dialled: Callable[[], int]
    ) -> None:
        """`calls`: the direction of each that there is; `dialled`: phones that ring, or whose call goes on."""
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._count_who_is_there(calls, games, dialled)
        self._ended = Counter("phonegame_calls", "Calls that have ended.", ["direction", "reason"], registry=registry)
        self._outgoing = Counter(
            "phonegame_outgoing", "Outgoing calls, by what has become of the phone.", ["end"], registry=registry
        )
        self._deepgram = Counter(
            "phonegame_deepgram_failures",
            "Connections to Deepgram that failed: to be tried again (away), or the call ends (given_up).",
            ["outcome"],
            registry=registry,
        )
        self._voices = Counter("phonegame_voice_failures", "Sayings whose voice has failed.", registry=registry)
        self._characters = Counter(
            "phonegame_character_failures", "Troubles with characters, by code.", ["code"], registry=registry
        )
        self._spent = {
            what: Counter(f"phonegame_{name}", text, registry=registry) for what, (name, text) in _SPENT.items()
        }
        self._refused = Counter("phonegame_calls_refused", "Calls that were not taken.", ["why"], registry=registry)
        self._measure(registry)

    def _count_who_is_there(
        self, calls: Callable[[], Iterable[Direction]], games: Callable[[], int], dialled: Callable[[], int]
    ) -> None:
        registry = self._registry
        now = Gauge("phonegame_calls_now", "Calls that there are.", ["direction"], registry=registry)
        for direction in DIRECTIONS:
            now.labels(direction).set_function(partial(_count, calls, direction))
        Gauge("phonegame_games_now", "Games that have a code.", registry=registry).set_function(games)
        Gauge(
            "phonegame_outgoing_now", "Outgoing calls that are placed, ring or talk.", registry=registry
        ).set_function(dialled)

    def _measure(self, registry: CollectorRegistry) -> None:
        stage = Histogram(
            "phonegame_turn_stage_seconds",
            "What a caller waits for between the last word and a character's first sound.",
            ["stage"],
            buckets=STAGE_SECONDS,
            registry=registry,
        )
        self._stages = {name: stage.labels(name) for name in STAGES}
        self._waited = Histogram(
            "phonegame_turn_seconds",
            "From a caller's last word to a character's first sound.",
            buckets=WAIT_SECONDS,
            registry=registry,
        )
        self._ours = Histogram(
            "phonegame_turn_ours_seconds",
            "What of it is neither recogniser, patience, model nor voice.",
            buckets=OURS_SECONDS,
            registry=registry,
        )
        self._lag = Histogram(
            "phonegame_loop_lag_seconds",
            "How late a task runs that was to wake up.",
            buckets=LAG_SECONDS,
            registry=registry,
        )

    # what happens

    def call_ended(self, direction: Direction, why: Ended) -> None:
        self._ended.labels(direction, why.reason).inc()

    def outgoing_over(self, end: str) -> None:
        """`end`: `OutgoingCall.outcome`."""
        self._outgoing.labels(end).inc()

    def deepgram_failed(self, outcome: Failure) -> None:
        self._deepgram.labels(outcome).inc()

    def voice_failed(self) -> None:
        self._voices.inc()

    def character_failed(self, code: str) -> None:
        """`code`: of `CallProblem`."""
        self._characters.labels(code).inc()

    def spent(self, what: Limit, amount: float) -> None:
        if (counter := self._spent.get(what)) is not None:
            counter.inc(amount)

    def turn_timed(self, times: TurnTimes) -> None:
        for stage, seconds in times.stages().items():
            self._stages[stage].observe(max(seconds, 0))
        if (waited := times.waited) is not None:
            self._waited.observe(waited)
        if (ours := times.ours) is not None:
            self._ours.observe(ours)

    def lag_measured(self, seconds: float) -> None:
        self._lag.observe(seconds)

    def call_refused(self, why: str) -> None:
        """`why`: "stopping", or a value of `Full`."""
        self._refused.labels(why).inc()

    def show_load(self, capacity: float, load: Load, is_stopping: Callable[[], bool]) -> None:
        """What an autoscaler goes by, besides calls and games. `capacity`: calls; 0 where there is no limit."""
        registry = self._registry
        Gauge(
            "phonegame_calls_capacity", "Calls that are taken at the most; 0: no limit.", registry=registry
        ).set_function(lambda: capacity)
        Gauge(
            "phonegame_loop_lag_recent_seconds", "Median of the event loop's lag in five seconds.", registry=registry
        ).set_function(lambda: load.lag)
        Gauge(
            "phonegame_loop_busy",
            "Share of a core that the event loop uses, median of five seconds.",
            registry=registry,
        ).set_function(lambda: load.busy)
        Gauge("phonegame_stopping", "1: no new calls and games are taken.", registry=registry).set_function(is_stopping)

    # what is asked

    def families(self) -> Iterable[Metric]:
        return self._registry.collect()

    async def as_text(self) -> str:
        """Of this process alone."""
        await trio.lowlevel.checkpoint()
        return generate_latest(self._registry).decode()


def _count(calls: Callable[[], Iterable[Direction]], direction: Direction) -> int:
    return sum(each == direction for each in calls())


_SPENT = {
    Limit.TURNS: ("character_turns", "Turns of callers that characters have answered."),
    Limit.TOKENS: ("character_tokens", "Tokens of the models that play characters, read and written."),
    Limit.CHARACTERS: ("character_letters", "Letters that characters have spoken."),
}
