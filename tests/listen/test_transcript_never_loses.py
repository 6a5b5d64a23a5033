"""Whatever Deepgram leaves out and however often it drops or is left, the words delivered are the words spoken.

`FickleDeepgram` is a small model of it: windows of audio, an interim for whatever is new in the open one, and a final
that closes it. Time is the call's, in steps of 0.1 s; the caller's clock runs with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from phonegame.listen.api_v1 import ApiV1
from phonegame.listen.transcript import Heard, Transcript
from tests.listen.deepgram_says import Spoken, results

STEP = 0.1
KEPT_SECONDS = 5.0
FINAL_SECONDS = 1.0


@dataclass
class Habits:
    """How often Deepgram does what it should not."""

    loses_finals: float
    splits: float
    dallies: float
    """Takes noise for speech: the final waits for another pause."""
    ignores_finalize: float


@dataclass
class FickleDeepgram:
    spoken: list[Spoken]
    habits: Habits
    random: Random
    begin: float
    """Where in the call the session begins: its own times count from there."""
    window: float = field(init=False)
    shown: list[Spoken] = field(default_factory=list)
    decided_at: float = 0.0

    def __post_init__(self) -> None:
        self.window = self.begin

    def hear(self, until: float) -> Iterator[str]:
        words = [word for word in self.spoken if self.window <= word[1] and word[2] <= until]
        if words != self.shown:
            self.shown = words
            yield self._results(words, until, final=False)
            if len(words) > 1 and self.random.random() < self.habits.splits:
                half = len(words) // 2
                yield from self._close(words[:half], (words[half - 1][2] + words[half][1]) / 2)
        elif words and words[-1][2] + 0.3 <= until and self._speaks_up(until):
            yield from self._close(words, until)
        elif not words and until - self.window > 3 and not self._hears_a_word_now(until):
            yield from self._close([], until)

    def finalize(self, until: float) -> Iterator[str]:
        if self.shown and not self._hears_a_word_now(until) and self.random.random() >= self.habits.ignores_finalize:
            yield from self._close(self.shown, until)

    def close_stream(self, until: float) -> Iterator[str]:
        """What is being said is cut off, and may look like a word."""
        whole = [word for word in self.spoken if self.window <= word[1] and word[2] <= until]
        cut = [(f"half a {word[0]}", word[1], until) for word in self.spoken if word[1] < until < word[2]]
        heard = cut if cut and self.window <= cut[0][1] and self.random.random() < 0.5 else []
        yield from self._close(whole + heard, until)

    def _speaks_up(self, until: float) -> bool:
        return not self._hears_a_word_now(until) and self.random.random() >= self.habits.dallies

    def _hears_a_word_now(self, until: float) -> bool:
        return any(word[1] < until < word[2] for word in self.spoken)

    def _close(self, words: list[Spoken], end: float) -> Iterator[str]:
        if not words or self.random.random() >= self.habits.loses_finals:
            yield self._results(words, end, final=True)
        self.window, self.shown = end, []

    def _results(self, words: list[Spoken], end: float, *, final: bool) -> str:
        begin = self.begin
        local = [(text, round(start - begin, 4), round(stop - begin, 4)) for text, start, stop in words]
        return results(local, round(self.window - begin, 4), round(end - begin, 4), final=final)


def words_of(heard: Heard | None) -> list[str]:
    if heard is None or heard.results is None or heard.is_interim:
        return []
    assert heard.results.best.transcript == " ".join(word.word for word in heard.results.best.words)
    return [word.word for word in heard.results.best.words]


def call(spoken: list[Spoken], habits: Habits, drops: float, leaves: float, random: Random) -> list[str]:
    """What a call delivers that is served as `listen.listener` serves it."""
    transcript = Transcript(ApiV1(stall_seconds=15), FINAL_SECONDS)
    deepgram = FickleDeepgram(spoken, habits, random, 0.0)
    transcript.begin_session(0.0)
    delivered: list[str] = []

    def receive(messages: Iterator[str], now: float) -> None:
        for message in messages:
            for heard in transcript.receive(message, now):
                delivered.extend(words_of(heard))

    for tick in range(round((spoken[-1][2] + 6) / STEP)):
        now = round(tick * STEP, 4)
        receive(deepgram.hear(now), now)
        if transcript.deadline <= now:
            overdue = transcript.overdue(now)
            delivered += words_of(overdue)
            if overdue is None:
                receive(deepgram.finalize(now), now)
        is_left = random.random() < leaves
        if is_left:
            transcript.leave_session(now)
            receive(deepgram.close_stream(now), now)
        if is_left or random.random() < drops:
            begin, promoted = transcript.lose_session(max(transcript.covered, now - KEPT_SECONDS))
            delivered += words_of(promoted)
            transcript.begin_session(begin)
            deepgram = FickleDeepgram(spoken, habits, random, round(begin, 4))
    return delivered + words_of(transcript.end())


@st.composite
def speech(draw: st.DrawFn) -> list[Spoken]:
    """Words with pauses between them, long ones and none."""
    now, words = 0.5, []
    for number in range(draw(st.integers(1, 12))):
        length = draw(st.sampled_from([0.2, 0.35, 0.6]))
        words.append((f"word{number}", round(now, 4), round(now + length, 4)))
        now += length + draw(st.sampled_from([0.02, 0.1, 0.45, 0.8, 2.0, 5.0]))
    return words


sometimes = st.sampled_from([0.0, 0.1, 0.5, 1.0])
RELIABLE = Habits(0, 0, 0, 0)


@given(
    speech(),
    st.builds(Habits, sometimes, sometimes, sometimes, sometimes),
    st.sampled_from([0, 0.02, 0.1]),
    st.sampled_from([0, 0.02, 0.1]),
    st.randoms(use_true_random=True),
)
@example([("one", 0.5, 1.0), ("two", 1.5, 2.0)], RELIABLE, 0, 0, Random(0))
def test_every_word_is_delivered_once_and_in_order(
    spoken: list[Spoken], habits: Habits, drops: float, leaves: float, random: Random
) -> None:
    assert call(spoken, habits, drops, leaves, random) == [word for word, _, _ in spoken]
