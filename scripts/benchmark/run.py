"""One run: so many games and calls against one server, from the first game to the last hang-up.

Each call has a place of its own in the 20 ms between two frames, so that the calls are spread evenly. Frame
and place give the moment at which a frame is due; a generator that falls behind sends what is due as fast as
it can, and `Probe.lateness` shows it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from .call import Call, Probe
from .errors import BenchError
from .loop import Loop, clock
from .peers import Address, Game, Listener
from .traffic import FRAME_SECONDS, MediaFrames

_GAMES_PER_SECOND = 200
_DIALS_PER_SECOND = 40
_PATIENCE_SECONDS = 15.0
_SETTLE_SECONDS = 1.0
_DRAIN_SECONDS = 2.0
_ENDING_SECONDS = 0.03
_ENDING_PATIENCE_SECONDS = 5.0
_BURST = 16
"""Frames that are sent at most before arrivals are looked at again."""
_LONGEST_POLL = 0.005


@dataclass(frozen=True)
class Usage:
    """What has been used up to a moment, or between two."""

    seconds: float
    frames: int
    server_cpu_seconds: float
    server_wait_seconds: float | None
    generator_cpu_seconds: float

    def since(self, earlier: Usage) -> Usage:
        waits = (self.server_wait_seconds, earlier.server_wait_seconds)
        return Usage(
            self.seconds - earlier.seconds,
            self.frames - earlier.frames,
            self.server_cpu_seconds - earlier.server_cpu_seconds,
            None if waits[0] is None or waits[1] is None else waits[0] - waits[1],
            self.generator_cpu_seconds - earlier.generator_cpu_seconds,
        )


class UnderTest(Protocol):
    """A server, or several that work together. See `Server` for what each method gives."""

    @property
    def name(self) -> str: ...

    def game_address(self, at: int) -> Address:
        """Where the game number `at` connects."""

    def call_address(self, at: int) -> Address: ...

    def cpu_seconds(self) -> float: ...

    def core_wait_seconds(self) -> float | None: ...

    def check(self) -> None: ...


class Run:
    """`count` games and calls. The phases are called in the order in which they stand here.

    Each raises `BenchError` when the server does not do its part.
    """

    def __init__(self, loop: Loop, server: UnderTest, frames: MediaFrames, count: int) -> None:
        self.probe = Probe()
        self._loop = loop
        self._server = server
        self._frames = frames
        self._count = count
        self._games: list[Game] = []
        self._calls: list[Call] = []
        self._by_prefix: dict[bytes, Call] = {}
        self._interval = FRAME_SECONDS / count
        self._place = 0
        self._began = clock()
        self._paused = False

    def make_call(self, at: int, game: Game | None) -> Call:
        return Call(at, self._count, self.probe, game)

    def game_kind(self, _at: int) -> type[Game]:
        return Game

    def claim(self, listener: Listener, audio: bytes) -> None:
        """Finds the call that a new connection to Deepgram belongs to, as soon as enough audio has come."""
        size = len(next(iter(self._by_prefix), b""))
        if size and len(audio) >= size:
            call = self._by_prefix.get(audio[:size]) or self._nearest(audio)
            if call is None:
                raise BenchError(f"Deepgram was sent audio that nobody has sent: {audio[:16].hex(' ')} ...")
            call.on_claimed(listener)

    def connect_games(self) -> None:
        with_code: list[Game] = []
        for at in self._paced(self._count, 1 / _GAMES_PER_SECOND):
            self._connect_game(at, with_code.append)
        self._turn_until(lambda: len(with_code) == self._count, _PATIENCE_SECONDS, "not every game got a code")

    def dial(self) -> None:
        """Calls come in one after the other, and each keys the code of its game."""
        for at in self._paced(self._count, 1 / _DIALS_PER_SECOND):
            call = self.make_call(at, self._games[at] if self._games else None)
            self._calls.append(call)
            self._by_prefix[call.audio.prefix] = call
            call.dial(self._loop, self._server.call_address(at))
        waiting = list(self._calls)

        def all_patched() -> bool:
            while waiting and waiting[-1].patched:
                waiting.pop()
            return not waiting

        self._turn_until(all_patched, _PATIENCE_SECONDS, "not every call was patched to its game")
        self._turn_for(_SETTLE_SECONDS)

    def talk(self, seconds: float) -> Usage:
        """The steady state: the only part whose delays and CPU time are measured."""
        before = self._usage()
        self.measure_until(clock() + seconds)
        self._turn_for(seconds)
        usage = self._usage().since(before)
        if not usage.frames:
            raise BenchError(f"{self._server.name}, {self._count} calls: no caller was left to talk")
        return usage

    def measure_until(self, moment: float) -> None:
        """From here on."""
        self.probe.since, self.probe.until = clock(), moment

    def talk_on(self, done: Callable[[], bool], seconds: float) -> None:
        """The same, unmeasured, until something is done."""
        self._turn_until(done, seconds, f"nothing came of it in {seconds:.0f} s")

    def drain(self) -> tuple[int, int]:
        """Pauses all callers until all has arrived; how many frames and results have not after 2 s."""
        self._paused = True
        deadline = clock() + _DRAIN_SECONDS
        while clock() < deadline and not all(call.complete for call in self._calls):
            self._turn()
        frames = sum(call.frames_sent - call.frames_arrived for call in self._calls)
        results = sum(call.results_sent - call.results_arrived for call in self._calls)
        return frames, results

    def end_one_by_one(self) -> int:
        """In turn a caller hangs up, or a game leaves and another comes, while the other calls talk on.

        How many of these endings have had no effect after 5 seconds.
        """
        self._resume()
        self._turn_for(_SETTLE_SECONDS)
        for at in self._paced(self._count, _ENDING_SECONDS):
            if at % 2 == 0:
                self._calls[at].hang_up()
            else:
                self._replace_game(at)
        deadline = clock() + _ENDING_PATIENCE_SECONDS
        while self._endings_unseen() and clock() < deadline:
            self._turn()
        return self._endings_unseen()

    def leave(self) -> None:
        """Everybody goes."""
        for call in self._calls:
            call.leave()
        for game in self._games:
            game.leave()
        self._paused = True
        self._turn_for(_SETTLE_SECONDS / 2)

    def callers_gone(self) -> int:
        """Calls that the server has ended by itself."""
        return sum(call.caller is None or call.caller.ended for call in self._calls)

    def _endings_unseen(self) -> int:
        return self._count - len(self.probe.hang_ups) - len(self.probe.codes_freed)

    def _nearest(self, audio: bytes) -> Call | None:
        """The call in which this is found soonest after the beginning: audio that comes out of order, or again."""
        found = [(position, call) for call in self._calls if (position := call.audio.find(audio)) is not None]
        return min(found, key=lambda each: each[0])[1] if found else None

    def _usage(self) -> Usage:
        return Usage(
            seconds=clock(),
            frames=sum(call.frames_sent for call in self._calls),
            server_cpu_seconds=self._server.cpu_seconds(),
            server_wait_seconds=self._server.core_wait_seconds(),
            generator_cpu_seconds=time.process_time(),
        )

    def _connect_game(self, at: int, on_code: Callable[[Game], None]) -> None:
        """Tries again when refused. The game is in `_games[at]`."""

        def on_message(payload: bytes) -> None:
            if at < len(self._calls):
                self._calls[at].on_message(payload)

        def on_end(game: Game) -> None:
            if not game.code and not self._paused:
                self._connect_game(at, on_code)

        address = self._server.game_address(at)
        self._games[at : at + 1] = [self.game_kind(at)(self._loop, address, on_code, on_message, on_end)]

    def _replace_game(self, at: int) -> None:
        self._calls[at].talking = False
        left = clock()
        self._games[at].leave()
        self._connect_game(at, lambda _game: self.probe.codes_freed.append(clock() - left))

    def _paced(self, count: int, seconds: float) -> Iterator[int]:
        began = clock()
        for at in range(count):
            self._turn_for(began + at * seconds - clock())
            yield at

    def _turn_for(self, seconds: float) -> None:
        end = clock() + seconds
        while clock() < end:
            self._turn()

    def _turn_until(self, done: Callable[[], bool], seconds: float, otherwise: str) -> None:
        deadline = clock() + seconds
        while not done():
            if clock() > deadline:
                self._server.check()
                raise BenchError(f"{self._server.name}, {self._count} calls: {otherwise}")
            self._turn()

    def _turn(self) -> None:
        """Sends what is due, and takes what has arrived."""
        now = clock()
        for _ in range(_BURST):
            if self._paused or self._due() > now:
                break
            self._send_frame()
        self._loop.poll(_LONGEST_POLL if self._paused else min(self._due() - clock(), _LONGEST_POLL))

    def _send_frame(self) -> None:
        at = self._place % self._count
        if at < len(self._calls) and self._calls[at].talking:
            now = clock()
            if self.probe.holds(now):
                self.probe.lateness.append(now - self._due())
            self._calls[at].send_frame(self._frames)
        self._place += 1

    def _due(self) -> float:
        return self._began + self._place * self._interval

    def _resume(self) -> None:
        self._paused = False
        self._began = clock() - self._place * self._interval
